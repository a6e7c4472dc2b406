import type * as node from "@lloyal-labs/lloyal.node";
import * as agents from "@lloyal-labs/lloyal-agents";
import * as rig from "@lloyal-labs/rig";
import * as sdk from "@lloyal-labs/sdk";
import * as effection from "effection";
import { assertEmpty, simulatedContext } from "./setting.ts";

type MainBody = Parameters<typeof effection.main>[0];

export interface World {
  /** What a sample finds under each name that it imports from. */
  readonly modules: Readonly<Record<string, object>>;
  readonly mains: readonly MainBody[];
  /** Contexts that the sample has opened and not disposed. */
  readonly open: ReadonlySet<sdk.SessionContext>;
}

/** One sample's own. All is real but the model, and `main`, which would wait for signals and end the process. */
export function createWorld(): World {
  const mains: MainBody[] = [];
  const open = new Set<sdk.SessionContext>();
  const createContext: typeof node.createContext = async ({ nCtx, nSeqMax }) => {
    const ctx = simulatedContext({ nCtx, nSeqMax });
    open.add(ctx);
    const dispose = async () => {
      await assertEmpty(ctx);
      open.delete(ctx);
      await ctx.dispose();
    };
    return { ...ctx, dispose, decodeMs: () => 0 };
  };
  const modules = {
    effection: { ...effection, main: (body: MainBody) => mains.push(body) },
    "@lloyal-labs/sdk": sdk,
    "@lloyal-labs/lloyal.node": { createContext },
    "@lloyal-labs/lloyal-agents": agents,
    "@lloyal-labs/rig": rig,
  };
  return { modules, mains, open };
}
