import { type AnyTool, Events, Source, type SourceContext } from "@lloyal-labs/lloyal-agents";
import { InvalidArgumentError } from "@lloyal-labs/sdk";
import { ensure, type Operation } from "effection";
import { type BoundCorpus, bindCorpus } from "./bound-corpus.ts";
import type { Chunk, Chunks } from "./chunk-resources.ts";
import type { Resources } from "./load-resources.ts";
import { GrepTool } from "./tools/grep.ts";
import { ReadFileTool } from "./tools/read-file.ts";
import { ReportTool } from "./tools/report.ts";
import { SearchTool } from "./tools/search.ts";

/** A folder of text files, to be searched, grepped and read. */
export class CorpusSource extends Source<SourceContext, Chunk> {
  readonly name = "corpus";
  readonly #resources: Resources;
  readonly #chunks: Chunks;
  #bound: BoundCorpus | undefined;
  #tools: readonly AnyTool[] = [];
  #reportTool: ReportTool | undefined;

  constructor(resources: Resources, chunks: Chunks) {
    super();
    this.#resources = resources;
    this.#chunks = chunks;
  }

  /**
   * Reads, cuts and indexes the folder, and listens which passages reach which agent.
   *
   * @throws InvalidArgumentError when the folder holds no readable text
   */
  *bind(_context: SourceContext): Operation<void> {
    const bound = bindCorpus(this.#resources, this.#chunks);
    const events = yield* Events.expect();
    const stop = events.listen((event) => {
      if (event.type === "agent:spawn") bound.book.assign(event.agentId, event.task);
      if (event.type === "agent:tool_result") bound.book.settle(event.agentId, event.prefilled);
    });
    yield* ensure(() => stop());
    this.#bound = bound;
    this.#tools = [new SearchTool(bound), new GrepTool(bound), new ReadFileTool(bound)];
    this.#reportTool = new ReportTool(bound.book);
  }

  get bound(): BoundCorpus {
    if (!this.#bound)
      throw new InvalidArgumentError("the source is not bound yet.", { source: this.name }, "Call bind.");
    return this.#bound;
  }

  get tools(): readonly AnyTool[] {
    return this.bound && this.#tools;
  }

  /** What ends an agent of this source. */
  get reportTool(): ReportTool {
    if (!this.#reportTool) throw new InvalidArgumentError("the source is not bound yet.", { source: this.name });
    return this.#reportTool;
  }

  /** The windows that agents have read. */
  getChunks(): readonly Chunk[] {
    return this.bound.book.citable.map(({ chunk }) => chunk);
  }
}
