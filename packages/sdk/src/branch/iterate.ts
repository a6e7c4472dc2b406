import type { Token } from "../backend/ids.ts";
import type { Branch } from "./branch.ts";

/** A token that has been written, and the text that it completes: "" inside a code point. */
export interface Written {
  token: Token;
  text: string;
}

/** Commits, then yields: whoever leaves the loop leaves nothing behind that is produced and not committed. */
export async function* iterate(branch: Branch): AsyncGenerator<Written, void, undefined> {
  for (let next = branch.produceSync(); !next.isStop; next = branch.produceSync()) {
    await branch.commit(next.token);
    yield { token: next.token, text: next.text };
  }
}
