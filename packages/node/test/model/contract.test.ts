import { contractCases } from "@lloyal-labs/sdk/testing";
import { describe, it } from "vitest";
import { createContext } from "../../src/index.ts";

const modelPath = process.env.LLOYAL_SMOL ?? "";

describe.skipIf(!modelPath)("the native backend keeps the contract of the ports", () => {
  for (const { name, run } of contractCases) {
    it(name, () => run({ open: (size) => createContext({ ...size, modelPath }) }));
  }
});
