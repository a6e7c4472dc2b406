// The counting fault loop: the first decode of a script fails, then in another run the second, and so on, until a run
// ends in which none has failed. So every point at which an engine can fail is tried, without luck.
import assert from "node:assert/strict";
import type { DecodeFault, FaultKind, FaultyContext } from "./fault.ts";
import { FaultScript, type ScriptStep } from "./fault-script.ts";

/** What came of it, so that a test can show that it tried something. */
export interface FaultLoopFigures {
  /** Runs of the script in which a decode failed. */
  runs: number;
  /** Calls that failed, repetitions under a lasting fault included. */
  failures: number;
}

/**
 * Runs the script once in peace, and then under every fault: each call that fails leaves all branches as they were, and
 * its repetition and all that follows give what they gave in peace, bit by bit. Rejects with the first difference.
 *
 * @param stride - 1, the default, tries every decode; a greater one is for samples
 */
export async function runFaultLoop(
  open: () => Promise<FaultyContext>,
  kinds: readonly FaultKind[],
  { stride = 1 } = {},
): Promise<FaultLoopFigures> {
  const figures: FaultLoopFigures = { runs: 0, failures: 0 };
  const { steps: peaceful } = await play(open, undefined);
  for (const kind of kinds) {
    for (const lasting of [false, true]) {
      for (let spared = 0; ; spared += stride) {
        const fault = { kind, spared, lasting };
        const { steps, failures } = await play(open, fault);
        assert.deepEqual(steps, peaceful, `${describe(fault)}: the script goes on as in peace`);
        if (failures === 0) break;
        figures.runs++;
        figures.failures += failures;
      }
    }
  }
  return figures;
}

async function play(open: () => Promise<FaultyContext>, fault: DecodeFault | undefined) {
  const faulty = await open();
  try {
    const script = new FaultScript(faulty, fault);
    const steps: ScriptStep[] = await script.play();
    return { steps, failures: script.failures };
  } catch (error) {
    if (!fault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${describe(fault)}: ${reason}`, { cause: error });
  } finally {
    await faulty.ctx.dispose();
  }
}

function describe({ kind, spared, lasting }: DecodeFault): string {
  return `${kind} at decode ${spared + 1}${lasting ? " and after" : ""}`;
}
