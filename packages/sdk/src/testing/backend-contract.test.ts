import { describe, it } from "vitest";
import { contractCases } from "./backend-contract.ts";
import { createSimulatedContext } from "./simulated-backend.ts";

describe("the simulated backend keeps the contract", () => {
  it.each(contractCases.map(({ name, run }) => [name, run] as const))("%s", async (_name, run) => {
    await run({ open: async (size) => createSimulatedContext(size) });
  });
});

describe("the simulated backend keeps the contract with a state in place of cells", () => {
  it.each(contractCases.map(({ name, run }) => [name, run] as const))("%s", async (_name, run) => {
    await run({ open: async (size) => createSimulatedContext({ ...size, recurrent: true }) });
  });
});
