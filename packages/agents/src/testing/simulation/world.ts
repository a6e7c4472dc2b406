import { type BranchStore, isInferenceError } from "@lloyal-labs/sdk";
import type { Operation, Task } from "effection";
import type { ToolContext } from "../../tools/tool.ts";
import type { EventChecker } from "./check-events.ts";
import type { Machine } from "./machine.ts";
import type { Recorder } from "./recorder.ts";
import type { Rng } from "./rng.ts";
import { allTeams, type Latency, type Scenario, type TeamScript } from "./scenario.ts";
import { PlannedFailure } from "./simulated-policy.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { WatchedEngine } from "./watched-engine.ts";

/** A piece of code of ours that runs under the scheduler: a tool's call, an orchestrator. */
export interface Stage {
  /** After each `yield*`: code that should have been halted would betray itself here. */
  pass(what: string): void;
  violate(invariant: string, what: string): void;
  /** In a `finally`: with or without a halt. */
  leave(): void;
}

/** A call that has reached its tool. */
export interface CallLog {
  /** Caller, tool and arguments. */
  what: string;
  context: ToolContext;
  hasEnded: boolean;
  /** Absent when it failed or was halted. */
  gave?: { value: unknown };
}

/** What the parts of a scenario share while it runs, and what the checks look at. */
export class World {
  readonly clock: VirtualClock;
  readonly rng: Rng;
  readonly recorder: Recorder;
  readonly events: EventChecker;
  readonly engine: WatchedEngine;
  readonly store: BranchStore;
  readonly keepBranches: boolean;
  /** One pool, and nobody else who makes branches. */
  readonly isAlone: boolean;
  /** Branches that stand above the agents. */
  readonly parents: number;
  /** Cells of one recovery of the scenario's team; 0 where nothing is recovered. */
  readonly recoveryCells: number;
  readonly #machine: Machine;
  /** Stages that were entered and not left. */
  readonly inside = new Set<string>();
  /** Calls that have reached a tool, by their ids. */
  readonly calls = new Map<string, CallLog>();
  /** Agents of teams within tools, by their keys. */
  readonly nestedKeys: ReadonlySet<string>;
  /** What orchestrators run and can let go of. */
  readonly runs: Task<unknown>[] = [];
  /** Refusals of the cell ledger that no guest has taken upon itself: the runtime met them. */
  readonly refusals = new Set<unknown>();
  /** Guests that were halted: each may have left a refusal that nobody heard of. */
  unheard = 0;
  /** Errors that a script or a fault explains, and that have reached somebody. */
  readonly explained = new Set<unknown>();
  /** Calls of `run()` that began. */
  requested = 0;

  constructor(scenario: Scenario, machine: Machine, events: EventChecker, store: BranchStore) {
    this.clock = machine.clock;
    this.rng = machine.rng.fork("world");
    this.recorder = machine.recorder;
    this.engine = machine.engine;
    this.recoveryCells = machine.recoveryCells;
    this.#machine = machine;
    this.events = events;
    this.store = store;
    this.keepBranches = scenario.keepBranches;
    const teams = allTeams(scenario);
    const generates = teams.some(({ tools }) => tools.some(({ act }) => act.does === "generate"));
    this.isAlone = teams.length === 1 && !scenario.rival && !generates;
    this.nestedKeys = new Set(
      teams.filter(({ isNested }) => isNested).flatMap(({ agents }) => agents.map(({ key }) => key)),
    );
    this.parents = scenario.parent === "cold" ? 0 : 1;
  }

  /** The scenario's fault has been fired. */
  get faulted(): boolean {
    return this.#machine.faulted;
  }

  /** Recovery prompts that were prefilled. */
  get recoveries(): number {
    return this.#machine.recoveries;
  }

  enter(name: string): Stage {
    this.recorder.step("enter", name);
    this.inside.add(name);
    let left = false;
    return {
      pass: (what) => {
        if (left) this.recorder.violate("C5", `${name} goes on after it was left: ${what}`);
        this.recorder.step(what, name);
      },
      violate: (invariant, what) => this.recorder.violate(invariant, `${name}: ${what}`),
      leave: () => {
        left = true;
        this.inside.delete(name);
        this.recorder.step("leave", name);
      },
    };
  }

  /**
   * Runs what nobody has admitted, such as a `generate` within a tool: it may be refused cells or a sequence by a typed
   * error, and gives that as its result. One that is halted just then never hears of its refusal.
   */
  *guest<T>(body: () => Operation<T>): Operation<T | { refused: string }> {
    let isHalted = true;
    try {
      const value = yield* body();
      isHalted = false;
      return value;
    } catch (error) {
      isHalted = false;
      if (!isInferenceError(error)) throw error;
      this.refusals.delete(error);
      this.explained.add(error);
      return { refused: error.code };
    } finally {
      if (isHalted) this.unheard += 1;
    }
  }

  *sleep(latency: Latency): Operation<void> {
    if (latency) yield* this.clock.sleep(this.rng.integer(...latency));
  }

  /** An error has reached a team's caller. Only two may: one that its script plans, and an injected fault, typed. */
  explain(error: unknown, { failsAfter, policyFailsAt }: TeamScript): void {
    const isPlanned = error instanceof PlannedFailure && (failsAfter !== undefined || policyFailsAt !== undefined);
    const isFault = isInferenceError(error) && (error.code === "KV_EXHAUSTED" || error.code === "DECODE_FAILED");
    if (!isPlanned && !(isFault && this.faulted) && !this.explained.has(error))
      this.recorder.violate("D1", `a pool failed: ${error instanceof Error ? (error.stack ?? error) : error}`);
    this.explained.add(error);
  }
}
