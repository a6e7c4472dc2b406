import { createSimulatedVocabulary } from "@lloyal-labs/sdk/testing";
import type { Operation } from "effection";
import { call, ensure, run, sleep, spawn, suspend, until, useScope, withResolvers } from "effection";
import { describe, expect, it } from "vitest";
import { parallel } from "../orchestrate/parallel.ts";
import { DefaultAgentPolicy } from "../policy/default-policy.ts";
import { withSpine } from "../spine/with-spine.ts";
import { runSimulated, toolCallText } from "../testing/run-simulated.ts";
import { Lookup, Report } from "../testing/test-tools.ts";
import { agentPool } from "./agent-pool.ts";
import type { PoolResult } from "./pool-types.ts";
import { useAgentPool } from "./use-agent-pool.ts";

/** Looks up its own task first, then reports what it read. */
function diligent(conversation: string): string {
  const task = /task (\w+)/.exec(conversation.slice(conversation.lastIndexOf("task ")))?.[1] ?? "none";
  return conversation.includes(`entry on ${task}`)
    ? toolCallText("report", { findings: `known: ${task}` })
    : toolCallText("lookup", { query: task });
}

const size = { nCtx: 8192, nSeqMax: 8, nBatch: 256, nUbatch: 32 };

function* threeAgents(lookup: Lookup, draft = false): Operation<PoolResult> {
  const report = new Report();
  return yield* withSpine({ systemPrompt: "You look things up.", tools: [lookup, report] }, (spine) =>
    agentPool({
      orchestrate: parallel(["one", "two", "three"].map((name) => ({ content: `task ${name}` }))),
      tools: [lookup],
      parent: spine,
      terminal: report,
      draft,
    }),
  );
}

describe("a pool of agents", () => {
  it("runs three agents from one spine to their reports and leaves nothing behind", async () => {
    const lookup = new Lookup();
    const { value, left } = await runSimulated({ ...size, reply: diligent }, () => threeAgents(lookup));
    expect(value.agents.map(({ agentId, outcome, findings }) => [agentId, outcome, findings])).toEqual([
      ["a1", "returned", "known: one"],
      ["a2", "returned", "known: two"],
      ["a3", "returned", "known: three"],
    ]);
    expect(lookup.asked).toEqual(["one", "two", "three"]);
    expect(left).toEqual({ cells: 0, branches: 0 });
  });

  it("advances all agents with one decode per tick and prefills no token twice", async () => {
    const { trace, store } = await runSimulated({ ...size, reply: diligent }, () => threeAgents(new Lookup()));
    const commits = trace.map((line) => JSON.parse(line)).filter(({ t }) => t === "commit");
    expect(commits.length).toBe(store.stats.ticks);
    expect(Math.max(...commits.map(({ entries }) => entries.length))).toBe(3);
    const prefills = trace.map((line) => JSON.parse(line)).filter(({ t }) => t === "prefill");
    const [spine] = prefills[0].entries;
    const later = prefills.slice(1).flatMap(({ entries }) => entries);
    expect(later.every(({ position }: { position: number }) => position >= spine.tokens)).toBe(true);
  });

  it("writes the same with guesses, in fewer decodes", async () => {
    const writtenBy = async (draft: boolean) => {
      const { value, events, store, left } = await runSimulated({ ...size, reply: diligent }, () =>
        threeAgents(new Lookup(), draft),
      );
      expect(left).toEqual({ cells: 0, branches: 0 });
      const texts = value.agents.map(({ agentId }) =>
        events.flatMap((event) => (event.type === "agent:produce" && event.agentId === agentId ? [event.text] : [])),
      );
      const outcomes = value.agents.map(({ outcome, findings, tokenCount }) => [outcome, findings, tokenCount]);
      return { texts, outcomes, stats: store.stats };
    };
    const [plain, guessed] = [await writtenBy(false), await writtenBy(true)];
    expect(guessed.texts).toEqual(plain.texts);
    expect(guessed.outcomes).toEqual(plain.outcomes);
    expect(guessed.stats.decodedTokens).toBe(plain.stats.decodedTokens);
    expect([plain.stats.drafted, guessed.stats.accepted > 20]).toEqual([0, true]);
    expect(guessed.stats.ticks).toBeLessThan(0.8 * plain.stats.ticks);
  });

  it("tokenizes a task once, however long it waits, and what its agents begin with alike once for all", async () => {
    const plain = createSimulatedVocabulary();
    const asked: string[] = [];
    const vocabulary = {
      ...plain,
      tokenize(text: string, parseSpecial: boolean) {
        asked.push(text);
        return plain.tokenize(text, parseSpecial);
      },
    };
    const names = ["one", "two", "three", "four"];
    const { value } = await runSimulated({ ...size, nSeqMax: 1, reply: diligent, vocabulary }, () =>
      agentPool({
        orchestrate: parallel(names.map((name) => ({ content: `task ${name}`, systemPrompt: "You look things up." }))),
        tools: [new Lookup()],
        terminal: new Report(),
      }),
    );
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(names.map(() => "returned"));
    for (const name of names) expect(asked.filter((text) => text.includes(`task ${name}`))).toHaveLength(1);
    expect(asked.filter((text) => text.includes("You look things up."))).toHaveLength(1);
  });

  it("drops a task that is far too long, and the others go on", async () => {
    const { value } = await runSimulated({ ...size, reply: diligent }, () =>
      agentPool({
        orchestrate: parallel([{ content: "task one" }, { content: "much ".repeat(40_000) }]),
        tools: [new Lookup()],
        terminal: new Report(),
      }),
    );
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["returned", "dropped"]);
  });

  it("does not begin a call whose agent is let go of as the call is announced", async () => {
    class Slow extends Lookup {
      override readonly concurrent = true;
    }
    const slow = new Slow();
    const reply = (conversation: string) =>
      conversation.includes("task one") ? diligent(conversation) : toolCallText("report", { findings: "none" });
    const { value, left } = await runSimulated({ ...size, reply }, function* ({ events }) {
      const outer = yield* useScope();
      let letGo = () => {};
      events.listen(({ type }) => void (type === "agent:tool_call" && letGo()));
      return yield* agentPool({
        *orchestrate(pool) {
          const own = outer.run(() => pool.run({ content: "task one" }));
          letGo = () => void own.halt().then(() => {});
          yield* pool.run({ content: "no lookup" });
        },
        tools: [slow],
        terminal: new Report(),
      });
    });
    expect(value.agents.find(({ task }) => task === "task one")?.outcome).toBe("cancelled");
    expect(slow.asked).not.toContain("one");
    expect(left).toEqual({ cells: 0, branches: 0 });
  });

  it("gives every agent exactly one agent:done, last", async () => {
    const { events } = await runSimulated({ ...size, reply: diligent }, () => threeAgents(new Lookup()));
    for (const id of ["a1", "a2", "a3"]) {
      const own = events.filter((event) => "agentId" in event && event.agentId === id).map(({ type }) => type);
      expect(own[0]).toBe("agent:spawn");
      expect(own.filter((type) => type === "agent:done")).toHaveLength(1);
      expect(own.at(-1)).toBe("agent:done");
    }
  });

  it("writes the same trace twice", async () => {
    const first = await runSimulated({ ...size, reply: diligent }, () => threeAgents(new Lookup()));
    const second = await runSimulated({ ...size, reply: diligent }, () => threeAgents(new Lookup()));
    expect(second.trace).toEqual(first.trace);
  });

  it("refuses a call that was made before with a note, and sends a stuck agent to its report", async () => {
    const lookup = new Lookup();
    const stubborn = () => toolCallText("lookup", { query: "the same" });
    const { value, events } = await runSimulated({ ...size, reply: stubborn }, () => threeAgents(lookup));
    expect(lookup.asked).toEqual(["the same", "the same", "the same"]);
    const notes = events.filter((event) => event.type === "agent:tool_result").map((event) => event.prefilled);
    expect(notes.some((note) => note.includes("very call before"))).toBe(true);
    // The script is not legal in the last turn: the grammar leaves only `report`.
    expect(value.agents.every(({ outcome }) => outcome === "returned" || outcome === "cut")).toBe(true);
  });

  it("turns what a tool throws into a result that only its own agent reads", async () => {
    class Broken extends Lookup {
      override *execute(args: { query: string }): Operation<unknown> {
        if (args.query === "two") throw new Error("the shelf is empty");
        return yield* super.execute(args);
      }
    }
    const reply = (conversation: string) =>
      conversation.includes("shelf is empty") ? toolCallText("report", { findings: "none" }) : diligent(conversation);
    const { value } = await runSimulated({ ...size, reply }, () => threeAgents(new Broken()));
    expect(value.agents.map(({ findings }) => findings)).toEqual(["known: one", "none", "known: three"]);
  });

  it("queues tasks beyond the free sequences", async () => {
    const { value } = await runSimulated({ ...size, nSeqMax: 2, reply: diligent }, () => threeAgents(new Lookup()));
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["returned", "returned", "returned"]);
  });

  it("drops a task that can never fit, and says so", async () => {
    const { value } = await runSimulated({ ...size, nCtx: 1024, reply: diligent }, () =>
      agentPool({ orchestrate: parallel([{ content: `task ${"long ".repeat(400)}` }]), tools: [new Lookup()] }),
    );
    expect(value.agents[0]?.outcome).toBe("dropped");
    expect(value.agents[0]?.reason).toMatch(/never fit/);
  });

  it("sleeps without a tick while every agent waits for a concurrent tool", async () => {
    let started = 0;
    const allWait = withResolvers<void>();
    const ticks: number[] = [];
    const { value } = await runSimulated({ ...size, reply: diligent }, ({ store }) => {
      class Slow extends Lookup {
        override readonly concurrent = true;
        override *execute(args: { query: string }): Operation<unknown> {
          started += 1;
          if (started === 3) {
            ticks.push(store.stats.ticks);
            for (let turn = 0; turn < 20; turn++) yield* until(new Promise((resolve) => setImmediate(resolve)));
            ticks.push(store.stats.ticks);
            allWait.resolve();
          }
          yield* allWait.operation;
          return yield* super.execute(args);
        }
      }
      return threeAgents(new Slow());
    });
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["returned", "returned", "returned"]);
    expect(ticks).toEqual([ticks[0], ticks[0]]);
  });

  it("keeps the branches of useAgentPool alive until the caller's scope ends", async () => {
    const report = new Report();
    const { value, left } = await runSimulated({ ...size, reply: diligent }, function* () {
      return yield* call(function* () {
        const pool = yield* useAgentPool({
          orchestrate: parallel([{ content: "task one" }]),
          tools: [new Lookup()],
          terminal: report,
        });
        const branch = pool.agents[0]?.branch;
        const child = branch?.forkSync();
        return { disposed: branch?.disposed, inherits: child?.position === branch?.position };
      });
    });
    expect(value).toEqual({ disposed: false, inherits: true });
    expect(left.branches).toBeGreaterThan(0);
  });

  it("prunes everything and reports each agent when it is halted in the middle", async () => {
    const result = await runSimulated({ ...size, reply: diligent }, function* (runtime) {
      const task = yield* spawn(() => threeAgents(new Lookup()));
      while (runtime.store.stats.ticks < 5) yield* sleep(1);
      yield* task.halt();
      return runtime.store.pressure().used;
    });
    expect(result.value).toBe(0);
    const done = result.events.filter((event) => event.type === "agent:done");
    expect(done.map(({ outcome }) => outcome)).toEqual(["cancelled", "cancelled", "cancelled"]);
  });

  it("fails with the orchestrator's error", async () => {
    const failing = runSimulated(size, () =>
      agentPool({
        *orchestrate() {
          throw new Error("no plan");
        },
      }),
    );
    await expect(failing).rejects.toThrow("no plan");
    await expect(run(function* () {})).resolves.toBeUndefined();
  });
});

describe("sampling of a pool", () => {
  const texts = async (seed: number) => {
    const { events } = await runSimulated({ ...size, nCtx: 16_384 }, () =>
      agentPool({
        orchestrate: parallel([{ content: "same" }, { content: "same" }]),
        policy: new DefaultAgentPolicy({ alwaysCall: false, maxTurnTokens: 24 }),
        sampling: { temperature: 2, seed },
      }),
    );
    const textOf = (id: string) =>
      events.flatMap((event) => (event.type === "agent:produce" && event.agentId === id ? [event.text] : [])).join("");
    return [textOf("a1"), textOf("a2")];
  };

  it("differs from agent to agent and from seed to seed, and not from run to run", async () => {
    const [first, second] = await texts(7);
    expect(first).not.toBe(second);
    expect(await texts(7)).toEqual([first, second]);
    expect(await texts(8)).not.toEqual([first, second]);
  });
});

describe("a turn of several calls", () => {
  it("settles when the last of them has answered, and does not spin meanwhile", async () => {
    class Slow extends Lookup {
      override readonly name: string = "slow";
      override readonly concurrent = true;
      override *execute(args: { query: string }): Operation<unknown> {
        yield* sleep(5);
        return yield* super.execute(args);
      }
    }
    const reply = (conversation: string) =>
      conversation.includes("entry on b")
        ? "All read."
        : `${toolCallText("lookup", { query: "a" })}\n${toolCallText("slow", { query: "b" })}`;
    const { value } = await runSimulated({ ...size, reply }, () =>
      agentPool({
        orchestrate: parallel([{ content: "task" }]),
        tools: [new Lookup(), new Slow()],
        policy: new DefaultAgentPolicy({ alwaysCall: false }),
      }),
    );
    expect(value.agents[0]?.result).toBe("All read.");
    expect(value.agents[0]?.toolCallCount).toBe(2);
  });

  it("checks the terminal call's arguments like any other's", async () => {
    const reply = (conversation: string) =>
      conversation.includes("are wrong")
        ? toolCallText("report", { findings: "right" })
        : toolCallText("report", { nonsense: 1 });
    const { value } = await runSimulated({ ...size, reply }, () =>
      agentPool({
        orchestrate: parallel([{ content: "task" }]),
        terminal: new Report(),
        policy: new DefaultAgentPolicy({ alwaysCall: false }),
      }),
    );
    expect(value.agents[0]?.result).toEqual({ findings: "right" });
  });
});

describe("an orchestrator that lets go of an agent", () => {
  it("ends it at once as cancelled, and the others go on", async () => {
    class Endless extends Lookup {
      override readonly concurrent = true;
      override *execute(args: { query: string }): Operation<unknown> {
        if (args.query === "two") yield* suspend();
        return yield* super.execute(args);
      }
    }
    const { value, left } = await runSimulated({ ...size, reply: diligent }, () =>
      agentPool({
        *orchestrate(pool) {
          const stuck = yield* spawn(() => pool.run({ content: "task two" }));
          yield* pool.run({ content: "task one" });
          yield* stuck.halt();
        },
        tools: [new Endless()],
        terminal: new Report(),
      }),
    );
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["returned", "cancelled"]);
    expect(left).toEqual({ cells: 0, branches: 0 });
  });

  it("halts its call, which then holds up nobody", async () => {
    let halted = false;
    const stuckIn = withResolvers<void>();
    class Endless extends Lookup {
      override *execute(args: { query: string }): Operation<unknown> {
        if (args.query !== "two") return yield* super.execute(args);
        yield* ensure(() => {
          halted = true;
        });
        stuckIn.resolve();
        yield* suspend();
        return null;
      }
    }
    const { value } = await runSimulated({ ...size, reply: diligent }, () =>
      agentPool({
        *orchestrate(pool) {
          const stuck = yield* spawn(() => pool.run({ content: "task two" }));
          yield* stuckIn.operation;
          yield* stuck.halt();
          yield* pool.run({ content: "task one" });
        },
        tools: [new Endless()],
        terminal: new Report(),
      }),
    );
    expect(halted).toBe(true);
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["cancelled", "returned"]);
  });

  it("ends a request that never became an agent, too", async () => {
    const { value, events } = await runSimulated({ ...size, nSeqMax: 1, reply: diligent }, () =>
      agentPool({
        *orchestrate(pool) {
          const first = yield* spawn(() => pool.run({ content: "task one" }));
          const second = yield* spawn(() => pool.run({ content: "task two" }));
          yield* sleep(0);
          yield* second.halt();
          yield* first;
        },
        tools: [new Lookup()],
        terminal: new Report(),
      }),
    );
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["returned", "cancelled"]);
    expect(events.filter((event) => event.type === "agent:done")).toHaveLength(2);
  });
});
