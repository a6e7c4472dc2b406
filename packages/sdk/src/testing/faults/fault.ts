import type { SessionContext } from "../../backend/session-context.ts";

/** `no-space`: it finds no cells. `compute`: it breaks off. `not-finite`: it writes, and its logits are unusable. */
export type FaultKind = "no-space" | "compute" | "not-finite";

export interface DecodeFault {
  kind: FaultKind;
  /** Decodes that work before the one that fails. */
  spared: number;
  /** Whether all that follow fail, too. */
  lasting: boolean;
}

/** A context whose engine fails on demand. */
export interface FaultyContext {
  ctx: SessionContext;
  /** In place of what was asked for before; undefined: nothing fails any more. */
  failDecodes(fault: DecodeFault | undefined): void;
}
