import { type BranchStore, isInferenceError } from "@lloyal-labs/sdk";
import type { World } from "./world.ts";

/** So many looks at the pressure without a step of the run between them: a loop that will never stop. */
const looksMax = 100_000;

/**
 * Notes each time the ledger refuses cells to a caller: what was admitted must fit, so the runtime itself is never
 * refused. Whoever may be (a `generate` within a tool) takes its refusal out of the set.
 */
export function watchStore(store: BranchStore, world: World): void {
  const noted = (error: unknown): never => {
    if (isInferenceError(error) && error.code === "KV_EXHAUSTED" && !world.faulted) world.refusals.add(error);
    throw error;
  };
  const { recorder } = world;
  const { prefill, step, reserve, pressure } = Object.getPrototypeOf(store) as BranchStore;
  let looks = 0;
  let stepsThen = 0;
  store.prefill = (entries) => prefill.call(store, entries).catch(noted);
  store.step = (entries) => step.call(store, entries).catch(noted);
  store.reserve = (cells) => {
    try {
      return reserve.call(store, cells);
    } catch (error) {
      return noted(error);
    }
  };
  store.pressure = () => {
    if (stepsThen !== recorder.lines.length) [stepsThen, looks] = [recorder.lines.length, 0];
    looks += 1;
    if (looks > looksMax) throw new Error(`the pressure was asked ${looksMax} times, and nothing was done`);
    return pressure.call(store);
  };
}
