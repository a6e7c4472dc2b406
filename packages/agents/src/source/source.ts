import type { Branch } from "@lloyal-labs/sdk";
import type { Operation } from "effection";
import type { AnyTool } from "../tools/tool.ts";

/** What a source is bound to. */
export interface SourceContext {
  /** The branch that research forks from, where there is one. */
  parent?: Branch;
}

/** Something that can be researched: a folder, the web, a database. Subclass it for one's own. */
export abstract class Source<Context extends SourceContext = SourceContext, Chunk = unknown> {
  abstract readonly name: string;

  /** What agents research this source with. Throws before `bind`. */
  abstract get tools(): readonly AnyTool[];

  /** Prepares the tools; what it acquires is released with the caller's scope. */
  abstract bind(context: Context): Operation<void>;

  /** What research found, for ranking afterwards. */
  abstract getChunks(): readonly Chunk[];
}
