import { contractCases } from "@lloyal-labs/sdk/testing";
import { describe, it } from "vitest";
import { createContext } from "../../src/index.ts";

const modelPath = process.env.LLOYAL_SMOL ?? "";

// One thread: ggml's threads spin while they wait for each other, so on a busy machine two are far slower than one.
describe.skipIf(!modelPath)("the native backend keeps the contract of the ports", () => {
  for (const { name, run } of contractCases) {
    it(name, () => run({ open: (size) => createContext({ ...size, modelPath, nThreads: 1 }) }));
  }
});
