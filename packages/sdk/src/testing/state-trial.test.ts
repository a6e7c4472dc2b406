import { expect, it } from "vitest";
import { createSimulatedContext } from "./simulated-backend.ts";
import { StateTrial, type Trial } from "./state-trial.ts";

const runs = Number(process.env.LLOYAL_RUNS ?? 300);

it(`${runs} mutants of a saved tree are refused with a typed error, or are a state that may be`, async () => {
  const trial = await StateTrial.create(createSimulatedContext());
  const trials: Trial[] = [];
  for (let seed = 0; seed < runs; seed++) trials.push(await trial.run(seed));
  const count = (outcome: string) => trials.filter((each) => each.outcome === outcome).length;
  for (const outcome of ["STATE_INVALID", "STATE_MISMATCH", "restored"])
    expect(count(outcome), outcome).toBeGreaterThan(0);
  expect(trials.filter(({ isSealed, outcome }) => isSealed && outcome !== "restored").length).toBeGreaterThan(
    runs / 10,
  );
});
