import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext } from "@lloyal-labs/lloyal.node";
import {
  type AgentPolicy,
  type AgentView,
  agentPool,
  DefaultAgentPolicy,
  initAgents,
  type PoolResult,
  Tool,
  type TurnPlan,
} from "@lloyal-labs/lloyal-agents";
import { ensureModel } from "@lloyal-labs/models";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import { Branch } from "@lloyal-labs/sdk";
import { ensure, type Operation, run, scoped, sleep, spawn, until } from "effection";
import type { BenchTarget } from "../arms.ts";
import { type LoopDelay, watchLoop } from "./loop-delay.ts";

export interface StallResult extends LoopDelay {
  /** What was done in that time: `resultChars` are those that agents could read of `results` pages. */
  meanwhile: { ticks: number; decodedTokens: number; forks: number; results: number; resultChars: number };
}

const pageChars = 200_000;
const pages = 2;
const spineCells = 32_768;
const errand = "Fetch the page.";

/** Gives the same long page to everybody who asks. */
class Fetch extends Tool<{ page: string }> {
  readonly name = "fetch";
  readonly description = "Fetch a page.";
  readonly parameters = { type: "object", properties: { page: { enum: ["one"] } }, required: ["page"] };
  override readonly concurrent = true;
  readonly #page: string;

  constructor(page: string) {
    super();
    this.#page = page;
  }

  *execute(): Operation<unknown> {
    return this.#page;
  }
}

/** A reader fetches the page, says a few words about it and ends; all others write freely. */
class ReadOrWrite extends DefaultAgentPolicy {
  readonly #readers: ReadonlySet<string>;

  constructor(readers: ReadonlySet<string>) {
    super({ recovery: false, budget: { context: { softLimit: 5500 } } });
    this.#readers = readers;
  }

  override planTurn({ agentId, turn }: AgentView): TurnPlan | undefined {
    if (!this.#readers.has(agentId)) return turn === 0 ? { tools: [], maxTokens: 200 } : undefined;
    return turn === 0 ? { tools: ["fetch"], maxTokens: 48 } : { tools: [], maxTokens: 16 };
  }
}

/**
 * Stalls of the event loop on real weights: eight agents write, one of them reads pages of 200 KB, and on a second
 * context a spine of 32k cells is forked and pruned every few milliseconds.
 */
export function benchStall({ corpus }: Pick<BenchTarget, "corpus">): Promise<StallResult> {
  const page = realText(corpus);
  return run(function* () {
    const modelPath = yield* until(ensureModel("smollm2-135m"));
    const ctx = yield* until(createContext({ modelPath, nCtx: 8192 }));
    const { store, events } = yield* initAgents(ctx);
    const readers = new Set<string>();
    const read = { results: 0, chars: 0 };
    events.listen((event) => {
      if (event.type === "agent:spawn" && event.task === errand) readers.add(event.agentId);
      if (event.type !== "agent:tool_result") return;
      read.results += 1;
      read.chars += event.prefilled.length;
    });
    return yield* withForks(function* (forks) {
      const policy = new ReadOrWrite(readers);
      // What is compiled, and which characters a vocabulary can spell, is found out once in a process.
      yield* eightAgents(page, policy, 1);
      const before = { ...store.stats, forks: forks(), ...read };
      const stop = watchLoop();
      yield* ensure(() => void stop());
      yield* eightAgents(page, policy, pages);
      return {
        ...stop(),
        meanwhile: {
          ticks: store.stats.ticks - before.ticks,
          decodedTokens: store.stats.decodedTokens - before.decodedTokens,
          forks: forks() - before.forks,
          results: read.results - before.results,
          resultChars: read.chars - before.chars,
        },
      };
    });
  });
}

/** Seven places in which one agent after the other writes, and an eighth whose agents read a page each. */
function eightAgents(page: string, policy: AgentPolicy, times: number): Operation<PoolResult> {
  return agentPool({
    *orchestrate(pool) {
      for (let place = 0; place < 7; place++)
        yield* spawn(function* () {
          for (let i = place; ; i += 7) yield* pool.run({ content: `Tell me a long story about the number ${i}.` });
        });
      for (let i = 0; i < times; i++) yield* pool.run({ content: errand });
    },
    tools: [new Fetch(page)],
    policy,
  });
}

/** Forks a long spine all the time that `body` runs. `body` can ask how often that was. */
function withForks<T>(body: (forks: () => number) => Operation<T>): Operation<T> {
  return scoped(function* () {
    const folder = mkdtempSync(join(tmpdir(), "lloyal-stall-"));
    yield* ensure(() => rmSync(folder, { recursive: true }));
    const modelPath = join(folder, "tiny.gguf");
    writeFileSync(modelPath, writeGguf(tinyModel()));
    const ctx = yield* until(createContext({ modelPath, nCtx: spineCells + 512, nThreads: 1 }));
    yield* ensure(() => until(ctx.dispose()));
    const spine = Branch.create(ctx, 0);
    yield* until(spine.prefill(Array.from({ length: spineCells }, (_, i) => i % 256)));
    let forks = 0;
    yield* spawn(function* () {
      for (;;) {
        const fork = spine.forkSync();
        forks += 1;
        // The engine carries out forks and prunes before its next batch. A batch over 32k cells takes a core for so long
        // that one for each fork would leave too little for the agents.
        if (forks % 50 === 0) yield* until(fork.commit(65));
        fork.pruneSync();
        yield* sleep(3);
      }
    });
    return yield* body(() => forks);
  });
}

/** The first characters of all documents, one after the other. */
function realText(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
  const texts = files.sort().map((name) => readFileSync(join(folder, name), "utf8"));
  return texts.join("\n").slice(0, pageChars);
}

/** The bars of this bench that are missed. */
export function missedBars({ delayMs, ownMs, meanwhile }: StallResult): string[] {
  const own = ownMs ? `, ${ownMs.max} without waits for a core` : "";
  const bars: [missed: boolean, text: string][] = [
    [!(delayMs.p99 < 5), `the 99th percentile of the event loop's delays is ${delayMs.p99} ms; the bar is 5`],
    [!(delayMs.max < 20), `the longest delay of the event loop is ${delayMs.max} ms${own}; the bar is 20`],
    [meanwhile.results !== pages, `${meanwhile.results} long results were read; there should have been ${pages}`],
  ];
  return bars.filter(([missed]) => missed).map(([, text]) => text);
}
