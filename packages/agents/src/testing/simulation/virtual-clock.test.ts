import { run, spawn, until } from "effection";
import { describe, expect, it } from "vitest";
import { letEventsIn } from "../../scheduler/let-events-in.ts";
import { drive, watchWallTime } from "./drive.ts";
import { Rng } from "./rng.ts";
import { VirtualClock } from "./virtual-clock.ts";

const nothing = async () => {};

describe("virtual time", () => {
  it("jumps to the next timer only when nothing else can run, however long a latency is", async () => {
    const clock = new VirtualClock(new Rng(1));
    const seen: string[] = [];
    const task = run(function* () {
      yield* spawn(function* () {
        yield* clock.sleep(1_000_000_000);
        seen.push(`late at ${clock.now}`);
      });
      yield* spawn(function* () {
        yield* clock.sleep(5);
        seen.push(`early at ${clock.now}`);
      });
      for (let turn = 0; turn < 100; turn++) yield* until(Promise.resolve());
      seen.push(`promises at ${clock.now}`);
      yield* clock.sleep(2_000_000_000);
    });
    expect(await drive(task, clock, nothing)).toBe(true);
    expect(seen).toEqual(["promises at 0", "early at 5", "late at 1000000000"]);
  });

  it("waits for promises that wait for promises before it jumps", async () => {
    const clock = new VirtualClock(new Rng(1));
    const seen: string[] = [];
    const chain = (async () => {
      for (let i = 0; i < 1000; i++) await null;
      seen.push("chain");
      await clock.wait(1);
    })();
    const timer = clock.wait(1).then(() => seen.push("timer"));
    await drive(Promise.all([chain, timer]), clock, nothing);
    expect(seen).toEqual(["chain", "timer"]);
  });

  it("breaks ties by the seed, and not by who came first", async () => {
    const orderOf = async (seed: number) => {
      const clock = new VirtualClock(new Rng(seed));
      const order: number[] = [];
      await drive(Promise.all([0, 1, 2, 3].map((i) => clock.wait(10).then(() => order.push(i)))), clock, nothing);
      return order.join("");
    };
    const orders = await Promise.all([1, 2, 3, 4, 5, 6].map(orderOf));
    expect(new Set(orders).size).toBeGreaterThan(2);
    expect(await orderOf(1)).toBe(orders[0]);
  });

  it("forgets the timer of a sleep that is halted", async () => {
    const clock = new VirtualClock(new Rng(1));
    const task = run(() => clock.sleep(10));
    expect(clock.pending).toBe(1);
    await task.halt();
    expect(clock.pending).toBe(0);
  });

  it("lets every turn of the event loop go by that a task waits for, before it moves time", async () => {
    const clock = new VirtualClock(new Rng(1));
    const end = watchWallTime(() => {});
    const task = run(function* () {
      for (let i = 0; i < 5; i++) yield* letEventsIn();
      return clock.now;
    });
    const halted = run(() => letEventsIn());
    await halted.halt();
    void clock.wait(10);
    expect(await drive(task, clock, nothing)).toBe(true);
    end();
    expect(await task).toBe(0);
  });

  it("says so when nothing will ever wake a task", async () => {
    const clock = new VirtualClock(new Rng(1));
    expect(await drive(new Promise(() => {}), clock, nothing)).toBe(false);
  });
});

describe("the watch over real time", () => {
  it("reports what asks the real clock or draws at random, until it ends", () => {
    const seen: string[] = [];
    const end = watchWallTime((name) => seen.push(name));
    clearTimeout(setTimeout(() => {}, 0));
    Date.now();
    Math.random();
    end();
    Math.random();
    expect(seen).toEqual(["setTimeout", "Date.now", "Math.random"]);
  });
});
