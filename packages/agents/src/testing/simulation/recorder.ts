import { createHash } from "node:crypto";
import { inspect } from "node:util";

/** A run of more steps than this does not come to an end. */
const stepsMax = 100_000;

/**
 * What happened in a run, one line a step: calls of the engine and how they landed, events, stages of tools, jumps of the
 * clock. Each step is also a point at which a run can be halted.
 */
export class Recorder {
  readonly lines: string[] = [];
  readonly violations: string[] = [];
  /** The scenario has ended: only what was on its way may still land. */
  ended = false;
  /** Called after each step, with its number from 1. */
  onStep: (step: number) => void = () => {};

  step(what: string, facts?: unknown): void {
    this.lines.push(facts === undefined ? what : `${what} ${jsonOf(facts)}`);
    if (this.lines.length > stepsMax) {
      this.violate("liveness", `more than ${stepsMax} steps`);
      throw new Error(`the simulation has taken more than ${stepsMax} steps`);
    }
    if (this.ended && !/ (done|failed)$|^decode$|^landed$|^jump$/.test(what))
      this.violate("C1", `${what} after the end`);
    this.onStep(this.lines.length);
  }

  /** Notes that an invariant does not hold; `invariant` is its name in the reliability design, or a word. */
  violate(invariant: string, what: string): void {
    if (this.violations.length < 20) this.violations.push(`${invariant} at step ${this.lines.length}: ${what}`);
  }

  hash(): string {
    return createHash("sha256").update(this.lines.join("\n")).digest("hex");
  }
}

/** As JSON; of what has none, what it can be told by. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // A big integer, or a ring: tools give such results, and events carry them.
    return inspect(value, { depth: 5, breakLength: Number.POSITIVE_INFINITY });
  }
}
