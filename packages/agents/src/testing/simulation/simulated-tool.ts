import type { Branch } from "@lloyal-labs/sdk";
import { type Operation, spawn, suspend, until } from "effection";
import { generate } from "../../generate/generate.ts";
import type { PoolResult } from "../../pool/pool-types.ts";
import { Tool, type ToolContext, type TurnContext } from "../../tools/tool.ts";
import type { TeamScript, ToolAct, ToolScript } from "./scenario.ts";
import { marker } from "./scripted-model.ts";
import type { CallLog, Stage, World } from "./world.ts";

/** Runs a team within a tool. */
export type RunTeam = (team: TeamScript, parent: Branch | null) => Operation<PoolResult>;

/** A tool that does what its script says, and notes every stage of it. */
export class SimulatedTool extends Tool<{ q: string }> {
  readonly name: string;
  readonly description = "d";
  readonly parameters = { type: "object", properties: { q: { type: "string" } }, required: ["q"] };
  override readonly concurrent: boolean;
  readonly #script: ToolScript;
  readonly #world: World;
  readonly #runTeam: RunTeam;

  constructor(script: ToolScript, world: World, runTeam: RunTeam) {
    super();
    this.name = script.name;
    this.concurrent = script.concurrent;
    this.#script = script;
    this.#world = world;
    this.#runTeam = runTeam;
  }

  override availableFor({ turn }: TurnContext): boolean {
    return !this.#script.shy || turn > 1;
  }

  override *execute(args: { q: string }, context: ToolContext): Operation<unknown> {
    const { latency, progress, act } = this.#script;
    const stage = this.#world.enter(`tool ${context.callId} ${this.name}`);
    const call = this.#begin(args, context, stage);
    try {
      for (let filled = 1; filled <= progress; filled++) context.onProgress({ filled, total: progress });
      yield* this.#world.sleep(latency);
      stage.pass("waited");
      const value = yield* this.#act(act, context);
      stage.pass("acted");
      call.gave = { value };
      return value;
    } finally {
      call.hasEnded = true;
      stage.leave();
    }
  }

  /** Only what was called, offered and checked is run, no call that was answered before, and each with its own branch. */
  #begin({ q }: { q: unknown }, context: ToolContext, stage: Stage): CallLog {
    const { agentId, callId } = context;
    const { calls, events } = this.#world;
    const call: CallLog = { what: `${agentId} ${this.name} ${q}`, context, hasEnded: false };
    const caller = events.agents.get(agentId);
    if (typeof q !== "string") stage.violate("D2", `the argument q is ${JSON.stringify(q)}`);
    if (caller?.calls.get(callId) !== this.name) stage.violate("D3", `called was ${caller?.calls.get(callId)}`);
    if (this.#script.shy && caller?.turn === 1) stage.violate("D3", "it was not offered yet");
    for (const past of calls.values()) {
      if (!past.hasEnded) continue;
      if (past.what === call.what) stage.violate("D3", "this very call was answered before");
      if (!isRevoked(past.context)) stage.violate("C1", `${past.what} has ended, and still has its branch`);
    }
    calls.set(callId, call);
    return call;
  }

  *#act(act: ToolAct, context: ToolContext): Operation<unknown> {
    switch (act.does) {
      case "answer": {
        const order = act.inject ? `INJECT ${act.inject}\n` : "";
        return `${order}${linesOf(act.chars)}`;
      }
      case "give":
        return odd[act.what]();
      case "fail":
        return yield* fail(act.how);
      case "generate": {
        const parent = act.from === "caller" ? context.branch : null;
        const prompt = `${marker(this.name)} Say something.`;
        return yield* this.#world.guest(function* () {
          const { text, complete } = yield* generate({ prompt, parent, maxTokens: act.maxTokens });
          return { text, complete };
        });
      }
      case "pool": {
        const parent = act.from === "caller" ? context.branch : null;
        const { agents } = yield* this.#runTeam(act.team, parent);
        return agents.map(({ outcome, findings }) => ({ outcome, findings }));
      }
    }
  }
}

function isRevoked(context: ToolContext): boolean {
  try {
    return context.branch === undefined;
  } catch {
    return true;
  }
}

const odd = {
  undefined: () => undefined,
  null: () => null,
  bigint: () => ({ count: 10n }),
  function: () => () => {},
  cycle: () => {
    const ring: { next?: object } = {};
    ring.next = ring;
    return ring;
  },
};

function* fail(how: "throw" | "reject" | "child throws" | "throw a string"): Operation<unknown> {
  if (how === "reject") return yield* until(Promise.reject(new Error("rejected")));
  if (how === "throw a string") throw "thrown as a string";
  if (how === "throw") throw new Error("thrown");
  yield* spawn(function* () {
    throw new Error("thrown by a child");
  });
  yield* suspend();
}

/** A text of so many characters in lines that differ. */
function linesOf(chars: number): string {
  let text = "";
  for (let line = 0; text.length < chars; line++) text += `line ${line} of ${chars}\n`;
  return text.slice(0, chars);
}
