import type { Token, Vocabulary } from "@lloyal-labs/sdk";
import type { SimulatedScript } from "@lloyal-labs/sdk/testing";
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

/** What a turn will be: tokens, and then the stop or the last of them for ever. */
interface Plan {
  tokens: readonly Token[];
  endless: boolean;
}

/**
 * The model of a scenario: writes what the scripts say, token by token, and leaves to the hash what they do not say.
 * It finds its place in the path alone, as a real model does: whose task came last, and how many turns ago.
 */
export function scriptModel(scenario: Scenario, vocabulary: Vocabulary): SimulatedScript {
  const opening = vocabulary.tokenize("<|im_start|>assistant\n", true);
  const stop = vocabulary.tokenize("<|im_end|>", true)[0] as Token;
  const reply = replies(scenario);
  const plans = new Map<number, Plan | undefined>();

  const planOf = (conversation: readonly Token[]): Plan | undefined => {
    const bytes = conversation.flatMap((token) => [...vocabulary.bytes(token, true)]);
    const text = reply(new TextDecoder().decode(Uint8Array.from(bytes)));
    if (text === undefined) return undefined;
    if (text === endless) return { tokens: vocabulary.tokenize("ha", true), endless: true };
    return { tokens: [...vocabulary.tokenize(text, true), stop], endless: false };
  };

  return (path) => {
    const start = endOfLast(path, opening);
    if (start === undefined) return undefined;
    const key = hashOf(path, start);
    if (!plans.has(key)) plans.set(key, planOf(path.slice(0, start)));
    const plan = plans.get(key);
    if (!plan) return undefined;
    const { tokens, endless } = plan;
    const at = (i: number) => (endless ? tokens[i % tokens.length] : tokens[i]);
    for (let i = 0; start + i < path.length; i++) if (path[start + i] !== at(i)) return undefined;
    return at(path.length - start);
  };
}

/** Stands for a text without an end. */
const endless = Symbol("endless");

/** What the model says after a conversation; undefined: whatever the hash gives. */
function replies(scenario: Scenario): (conversation: string) => string | typeof endless | undefined {
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

function textOf(script: TurnScript, key: string, turn: number, since: string): string | typeof endless | undefined {
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
      return endless;
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

/** Where the last `part` of a path ends. */
function endOfLast(path: readonly Token[], part: readonly Token[]): number | undefined {
  for (let start = path.length - part.length; start >= 0; start--) {
    if (path[start] === part[0] && part.every((token, i) => path[start + i] === token)) return start + part.length;
  }
  return undefined;
}

function hashOf(path: readonly Token[], length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (path[i] as Token), 0x01000193);
  return hash;
}
