import { expect, it } from "vitest";
import { createSimulatedContext } from "../simulated-backend.ts";
import type { DecodeFault } from "./fault.ts";
import { runFaultLoop } from "./fault-loop.ts";

it.each([false, true])("whichever decode of a script fails, nothing is lost (recurrent: %s)", async (recurrent) => {
  const open = async () => {
    let fault: DecodeFault | undefined;
    let left = 0;
    const ctx = createSimulatedContext({
      ...{ nCtx: 256, nBatch: 16, nUbatch: 8, nSeqMax: 6, recurrent, latency: async () => {} },
      fault: () => {
        if (!fault || left-- > 0) return undefined;
        const { kind, lasting } = fault;
        if (!lasting) fault = undefined;
        return kind === "not-finite" ? "compute" : kind;
      },
    });
    const failDecodes = (asked: DecodeFault | undefined) => {
      fault = asked;
      left = asked?.spared ?? 0;
    };
    return { ctx, failDecodes };
  };
  const { runs, failures } = await runFaultLoop(open, ["no-space", "compute"]);
  // Its prefills are one batch each.
  expect(runs).toBe(4 * 13);
  expect(failures).toBe(6 * 13);
});
