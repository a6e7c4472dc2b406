import type { Vocabulary } from "@lloyal-labs/sdk";
import { type ScriptedReply, type SimulatedScript, scriptedReplies } from "@lloyal-labs/sdk/testing";
import { toolCallText } from "../run-simulated.ts";
import { allTeams, type Scenario, type TurnScript } from "./scenario.ts";

/** Begins a task or a question of ours, so that the model knows whose turn it writes. */
export function marker(key: string): string {
  return `[[${key}]]`;
}

/** The key in a text of ours. */
export function keyOf(text: string): string {
  return /^\[\[(\w+)\]\]/.exec(text)?.[1] ?? "";
}

/**
 * The model of a scenario: writes what the scripts say, token by token, and leaves to the hash what they do not say.
 * It finds its place in the path alone, as a real model does: whose task came last, and how many turns ago.
 */
export function scriptModel(scenario: Scenario, vocabulary: Vocabulary): SimulatedScript {
  return scriptedReplies(replies(scenario), vocabulary);
}

/** What the model says after a conversation; undefined: whatever the hash gives. */
function replies(scenario: Scenario): (conversation: string) => ScriptedReply {
  const teams = allTeams(scenario);
  const agents = new Map(teams.flatMap((team) => team.agents.map((agent) => [agent.key, agent] as const)));
  const answers = new Map<string, TurnScript>();
  if (scenario.rival?.does === "generate") answers.set("rival", scenario.rival.script);
  for (const { name, act } of teams.flatMap(({ tools }) => tools))
    if (act.does === "generate") answers.set(name, act.script);
  return (conversation) => {
    const asked = [...conversation.matchAll(/<\|im_start\|>user\n\[\[(\w+)\]\]/g)].at(-1);
    if (!asked?.[1]) return undefined;
    const [key, since] = [asked[1], conversation.slice(asked.index)];
    const answer = answers.get(key);
    if (answer) return textOf(answer, key, 0, since);
    const agent = agents.get(key);
    const turn = since.split("<|im_start|>assistant\n").length - 2;
    const lastUser = since.slice(since.lastIndexOf("<|im_start|>user\n"));
    const isRecovery = !lastUser.includes(marker(key)) && !lastUser.startsWith("<|im_start|>user\n<tool_response>");
    const script = isRecovery ? agent?.recovery : agent?.turns[turn];
    return script && textOf(script, key, turn, since);
  };
}

function textOf(script: TurnScript, key: string, turn: number, since: string): ScriptedReply {
  switch (script.does) {
    case "call":
      return script.tools.map((tool, i) => toolCallText(tool, { q: `${key}.${turn}.${i}` })).join("\n");
    case "repeat":
      return toolCallText(script.tool, { q: `${key}.0.0` });
    case "report":
      return toolCallText("report", { findings: "f".repeat(script.chars) });
    case "say":
      return "s".repeat(script.chars);
    case "malformed":
      return malformed[script.shape];
    case "obey": {
      const order = [...since.matchAll(/INJECT (\w+)/g)].at(-1);
      return order?.[1] ? toolCallText(order[1], { q: "as told" }) : "Nothing to obey.";
    }
    case "never stop":
      return { endless: "ha" };
    case "stop at once":
      return "";
    case "hash":
      return undefined;
  }
}

const malformed = {
  "broken json": '<tool_call>\n{"name": "at0", "argum</tool_call>',
  "no closing tag": '<tool_call>\n{"name": "at0", "arguments": {"q": "open"}}',
  "wrong arguments": toolCallText("at0", { q: 7 }),
  "wrong report": toolCallText("report", {}),
};
