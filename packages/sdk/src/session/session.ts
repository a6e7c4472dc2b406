import type { SessionContext } from "../backend/session-context.ts";
import { Branch } from "../branch/branch.ts";

/** What outlives single queries on one context: the trunk, a branch that every later query may fork from. */
export class Session {
  readonly #ctx: SessionContext;
  #trunk: Branch | null = null;

  constructor(ctx: SessionContext) {
    this.#ctx = ctx;
  }

  /** The session's spine, or null before the first `openTrunk`: queries then start cold, at position 0. */
  get trunk(): Branch | null {
    return this.#trunk;
  }

  /** Opens an empty trunk, owned by the session. Opening twice gives the same one. */
  openTrunk(): Branch {
    this.#trunk ??= Branch.create(this.#ctx, 0);
    return this.#trunk;
  }

  /** Prunes the trunk with everything that forked from it. Idempotent. */
  disposeSync(): void {
    this.#trunk?.pruneSubtreeSync();
    this.#trunk = null;
  }
}
