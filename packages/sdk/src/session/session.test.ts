import { expect, it } from "vitest";
import { BranchStore } from "../branch/branch-store.ts";
import { createSimulatedContext } from "../testing/simulated-backend.ts";
import { Session } from "./session.ts";

it("opens one trunk, and prunes it with everything that forked from it", async () => {
  const ctx = createSimulatedContext();
  const store = new BranchStore(ctx);
  const session = new Session(ctx);
  expect(session.trunk).toBeNull();
  const trunk = session.openTrunk();
  expect(session.openTrunk()).toBe(trunk);
  await trunk.prefill([1, 2, 3]);
  trunk.forkSync();
  session.disposeSync();
  session.disposeSync();
  expect(session.trunk).toBeNull();
  expect(store.pressure().used).toBe(0);
  expect(store.liveBranches).toBe(0);
});
