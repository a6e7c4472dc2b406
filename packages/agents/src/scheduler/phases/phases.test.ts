import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTurn } from "./dispatch.ts";
import { planProduce } from "./produce.ts";
import { planSettle } from "./settle.ts";
import { planSpawn } from "./spawn.ts";

const cells = fc.integer({ min: 0, max: 4096 });
const costs = fc.array(fc.record({ promptTokens: cells, turnTokens: cells }), { maxLength: 8 });

describe("planSpawn", () => {
  it("leaves at least the floor free and never leases more sequences than there are", () =>
    fc.assert(
      fc.property(costs, cells, cells, fc.nat(8), fc.nat(4), (waiting, free, floor, sequences, liveAgents) => {
        const pressure = { nCtx: 4096, used: 4096 - free, reserved: 0, free };
        const plan = planSpawn(waiting, { pressure, floor, sequences, liveAgents });
        const spent = plan.admit.reduce((sum, { promptTokens, turnTokens }) => sum + promptTokens + turnTokens, 0);
        expect(plan.admit.length).toBeLessThanOrEqual(sequences);
        expect(spent === 0 || free - spent >= floor).toBe(true);
        expect(plan.admit.length + plan.wait.length + plan.drop.length).toBe(waiting.length);
      }),
    ));

  it("drops nothing while somebody lives whose end may make room", () =>
    fc.assert(
      fc.property(costs, cells, (waiting, free) => {
        const pressure = { nCtx: 4096, used: 4096 - free, reserved: 0, free };
        expect(planSpawn(waiting, { pressure, floor: 0, sequences: 4, liveAgents: 1 }).drop).toEqual([]);
      }),
    ));
});

describe("planProduce", () => {
  const produced = (isStop: boolean) => ({ token: 7, text: "x", isStop });

  it("gives no row below the hard limit", () =>
    fc.assert(
      fc.property(fc.nat(12), cells, cells, (count, free, hardLimit) => {
        const candidates = Array.from({ length: count }, (_, agent) => ({
          agent,
          produced: produced(false),
          turnTokens: 0,
          maxTokens: 10,
        }));
        const plan = planProduce(candidates, { free, hardLimit, rowsMax: 512 });
        expect(plan.commits.length === 0 || free - plan.commits.length >= hardLimit).toBe(true);
        expect(plan.commits.length + plan.starved.length).toBe(count);
      }),
    ));

  it("ends a turn that stopped even where no cell is left", () => {
    const candidate = { agent: "a", produced: produced(true), turnTokens: 3, maxTokens: 10 };
    const plan = planProduce([candidate], { free: 0, hardLimit: 16, rowsMax: 8 });
    expect(plan).toEqual({ commits: [], ended: ["a"], overlong: [], starved: [] });
  });

  it("cuts a turn that is longer than planned", () => {
    const candidate = { agent: "a", produced: produced(false), turnTokens: 10, maxTokens: 10 };
    expect(planProduce([candidate], { free: 100, hardLimit: 1, rowsMax: 8 }).overlong).toEqual(["a"]);
  });
});

describe("planSettle", () => {
  it("admits results that together leave the floor and everybody's next turn", () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ agent: fc.nat(), tokens: cells, turnTokens: fc.nat(256) }), { maxLength: 6 }),
        cells,
        cells,
        (candidates, free, floor) => {
          const plan = planSettle(candidates, { free, floor });
          const turns = candidates
            .filter(({ agent }) => plan.admit.some((admitted) => admitted.agent === agent))
            .reduce((sum, { turnTokens }) => sum + turnTokens, 0);
          const spent = plan.admit.reduce((sum, { tokensMax }) => sum + tokensMax, 0);
          fc.pre(new Set(candidates.map(({ agent }) => agent)).size === candidates.length);
          expect(spent === 0 || free - spent - turns >= floor).toBe(true);
        },
      ),
    ));

  it("never admits two results that fit alone but not together", () => {
    const two = [1, 2].map((agent) => ({ agent, tokens: 600, turnTokens: 0 }));
    const plan = planSettle(two, { free: 1000, floor: 100 });
    expect(plan.admit).toEqual([
      { agent: 1, tokensMax: 600 },
      { agent: 2, tokensMax: 300 },
    ]);
  });
});

describe("readTurn", () => {
  const call = (name: string) => ({ name, args: { findings: name } });
  const offered = { tools: ["search", "report"], terminal: "report" };

  it("lets the terminal call win over others of the same turn", () => {
    const turn = { content: "", toolCalls: [call("search"), call("report"), call("report")], malformed: [] };
    expect(readTurn(turn, offered)).toEqual({ kind: "return", result: { findings: "report" } });
  });

  it("takes prose as the result only where there is no terminal tool", () => {
    const turn = { content: "done", toolCalls: [], malformed: [] };
    expect(readTurn(turn, { tools: [], terminal: undefined })).toEqual({ kind: "return", result: "done" });
    expect(readTurn(turn, offered).kind).toBe("note");
  });

  it("answers a malformed call with its reason", () => {
    const turn = { content: "", toolCalls: [], malformed: [{ reason: "the JSON ends early" }] };
    expect(readTurn(turn, offered)).toEqual({
      kind: "note",
      note: "That call could not be read: the JSON ends early.",
    });
  });
});
