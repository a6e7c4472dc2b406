import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTurn } from "./dispatch.ts";
import { leaseOf, recoveryReserve } from "./lease.ts";
import { planProduce } from "./produce.ts";
import { recoveriesThatFit } from "./recover.ts";
import { planSettle } from "./settle.ts";
import { planSpawn } from "./spawn.ts";

const cells = fc.integer({ min: 0, max: 4096 });
const costs = fc.array(fc.record({ promptTokens: cells, turnTokens: cells }), { maxLength: 8 });

describe("planSpawn", () => {
  it("leaves at least the floor free and never leases more sequences than there are", () =>
    fc.assert(
      fc.property(costs, cells, cells, fc.nat(8), fc.nat(4), (waiting, free, floor, sequences, liveAgents) => {
        const plan = planSpawn(waiting, { cells: free, floor, sequences, liveAgents });
        const spent = plan.admit.reduce((sum, { promptTokens, turnTokens }) => sum + promptTokens + turnTokens + 1, 0);
        expect(plan.admit.length).toBeLessThanOrEqual(sequences);
        expect(spent === 0 || free - spent >= floor).toBe(true);
        expect(plan.admit.length + plan.wait.length + plan.drop.length).toBe(waiting.length);
      }),
    ));

  it("drops nothing while somebody lives whose end may make room", () =>
    fc.assert(
      fc.property(costs, cells, (waiting, free) => {
        expect(planSpawn(waiting, { cells: free, floor: 0, sequences: 4, liveAgents: 1 }).drop).toEqual([]);
      }),
    ));
});

describe("planProduce", () => {
  const writing = (agent: number, part: object = {}) => ({
    agent,
    produced: { token: 7, text: "x", isStop: false },
    turnTokens: 0,
    maxTokens: 10,
    recovering: false,
    ...part,
  });
  const stopped = { produced: { token: 2, text: "", isStop: true } };

  it("gives no more rows than there are cells, and leaves nobody out of the account", () =>
    fc.assert(
      fc.property(
        fc.nat(12),
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 1, max: 16 }),
        (count, rows, rowsMax) => {
          const candidates = Array.from({ length: count }, (_, agent) => writing(agent));
          const plan = planProduce(candidates, { rows, rowsMax });
          expect(plan.commits.length).toBeLessThanOrEqual(Math.max(0, Math.min(rows, rowsMax)));
          expect(plan.commits.length + plan.starved.length + plan.paused.length).toBe(count);
          expect(plan.starved.length).toBeLessThanOrEqual(1);
        },
      ),
    ));

  it("ends a turn that stopped even where no cell is left", () => {
    const plan = planProduce([writing(1, { ...stopped, turnTokens: 3 })], { rows: 0, rowsMax: 8 });
    expect(plan).toEqual({ commits: [], ended: [1], overlong: [], paused: [], starved: [] });
  });

  it("cuts a turn that is longer than planned", () => {
    expect(planProduce([writing(1, { turnTokens: 10 })], { rows: 100, rowsMax: 8 }).overlong).toEqual([1]);
  });

  it("cuts the youngest when cells run out, and lets the others wait for what its end gives back", () => {
    const plan = planProduce([writing(1), writing(2), writing(3)], { rows: 1, rowsMax: 8 });
    expect(plan.commits.map(({ agent }) => agent)).toEqual([1]);
    expect(plan.paused).toEqual([2]);
    expect(plan.starved).toEqual([3]);
  });

  it("cuts nobody while a recovery or an ended turn is about to give cells back", () => {
    const recovering = planProduce([writing(1, { recovering: true }), writing(2)], { rows: 0, rowsMax: 8 });
    expect(recovering.commits.map(({ agent }) => agent)).toEqual([1]);
    expect([recovering.paused, recovering.starved]).toEqual([[2], []]);
    const ending = planProduce([writing(1, stopped), writing(2)], { rows: 0, rowsMax: 8 });
    expect([ending.paused, ending.starved]).toEqual([[2], []]);
  });

  it("gives no more rows than a batch holds, recoveries included", () => {
    const three = [1, 2, 3].map((agent) => writing(agent, { recovering: true }));
    const plan = planProduce([...three, writing(4)], { rows: 9, rowsMax: 2 });
    expect(plan.commits.map(({ agent }) => agent)).toEqual([1, 2]);
    expect([plan.paused, plan.starved]).toEqual([[4, 3], []]);
  });

  it("serves those first that have written least when a batch is too narrow for all", () => {
    const plan = planProduce([writing(1, { turnTokens: 4 }), writing(2, { turnTokens: 3 })], { rows: 9, rowsMax: 1 });
    expect(plan.commits.map(({ agent }) => agent)).toEqual([2]);
    expect([plan.paused, plan.starved]).toEqual([[1], []]);
  });
});

describe("the lease", () => {
  const needs = fc.record({
    recoveryTokens: fc.integer({ min: 1, max: 300 }),
    share: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
    liveAgents: fc.nat(8),
  });

  it("covers what every recovery in progress still needs, and one recovery for those that live", () =>
    fc.assert(
      fc.property(needs, ({ recoveryTokens, share, liveAgents }) => {
        const recoveriesUsed = share.map((part) => Math.floor(part * recoveryTokens));
        const used = recoveriesUsed.reduce((sum, cells) => sum + cells, 0);
        const reserve = recoveryReserve({ recoveryTokens, recoveriesUsed, liveAgents });
        expect(reserve).toBeGreaterThanOrEqual(recoveriesUsed.length * recoveryTokens - used);
        if (liveAgents > 0) expect(reserve + used).toBeGreaterThanOrEqual(recoveryTokens);
        expect(leaseOf({ recoveryTokens, recoveriesUsed, liveAgents })).toBe(reserve + liveAgents);
      }),
    ));

  it("lets a recovery start on exactly the cells that were held for it, and no second one", () => {
    const room = recoveryReserve({ recoveryTokens: 100, recoveriesUsed: [], liveAgents: 3 });
    expect(recoveriesThatFit(3, room, 100, [])).toBe(1);
    expect(recoveriesThatFit(2, room - 40, 100, [40])).toBe(0);
    expect(recoveriesThatFit(3, 250, 100, [])).toBe(2);
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
          const plan = planSettle(candidates, { cells: free, floor, wholeOnly: false });
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
    const plan = planSettle(two, { cells: 1000, floor: 100, wholeOnly: false });
    expect(plan.admit).toEqual([
      { agent: 1, tokensMax: 600 },
      { agent: 2, tokensMax: 300 },
    ]);
  });
});

describe("planSettle, whole results only", () => {
  it("takes no cells for a result that does not fit", () => {
    const candidates = [
      { agent: 1, tokens: 2000, turnTokens: 0 },
      { agent: 2, tokens: 600, turnTokens: 0 },
    ];
    const plan = planSettle(candidates, { cells: 1000, floor: 100, wholeOnly: true });
    expect(plan).toEqual({ admit: [{ agent: 2, tokensMax: 600 }], refuse: [1] });
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
