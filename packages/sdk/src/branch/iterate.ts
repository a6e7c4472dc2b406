import type { Produced } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";

/** A token that has been written, and the text that it completes: "" inside a code point. */
export interface Written {
  token: Token;
  text: string;
}

/** Commits, then yields: whoever leaves the loop leaves nothing behind that is produced and not committed. */
export async function* iterate(branch: {
  produceSync(): Produced;
  commit(token: Token): Promise<void>;
}): AsyncGenerator<Written, void, undefined> {
  for (let next = branch.produceSync(); !next.isStop; next = branch.produceSync()) {
    await branch.commit(next.token);
    yield { token: next.token, text: next.text };
  }
}
