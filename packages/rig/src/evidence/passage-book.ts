import type { Chunk } from "../corpus/chunk-resources.ts";
import { type Sentence, sentences } from "../corpus/sentences.ts";

/** A window that agents may cite. Its id is what stands in prompts, grammars and reports. */
export interface Passage {
  /** `p1`, `p2`, … in the order in which they were first shown. */
  readonly id: string;
  readonly chunk: Chunk;
  readonly sentences: readonly Sentence[];
}

/**
 * What was shown to whom. Only a passage that stood whole in a tool result, as it was prefilled into the agent's
 * branch, counts as seen: a part that was cut off to fit cannot be cited.
 */
export class PassageBook {
  #byChunk = new Map<string, Passage>();
  #seen = new Map<string, Set<Passage>>();
  #tasks = new Map<string, string>();

  /** What an agent was asked, for ranking what it is shown. */
  assign(agentId: string, task: string): void {
    this.#tasks.set(agentId, task);
  }

  taskOf(agentId: string): string {
    return this.#tasks.get(agentId) ?? "";
  }

  /** The passage of a window: the same one each time. */
  passageOf(chunk: Chunk): Passage {
    let passage = this.#byChunk.get(chunk.id);
    if (!passage) {
      passage = { id: `p${this.#byChunk.size + 1}`, chunk, sentences: sentences(chunk) };
      this.#byChunk.set(chunk.id, passage);
    }
    return passage;
  }

  /** Counts every passage whose text stands in `prefilled` as seen by the agent. */
  settle(agentId: string, prefilled: string): void {
    const seen = this.#seen.get(agentId) ?? new Set();
    for (const passage of this.#byChunk.values()) {
      if (prefilled.includes(renderPassage(passage))) seen.add(passage);
    }
    this.#seen.set(agentId, seen);
  }

  seenBy(agentId: string): Passage[] {
    return [...(this.#seen.get(agentId) ?? [])];
  }

  /** Every passage that some agent has seen, in the order of ids. */
  get citable(): Passage[] {
    const seen = new Set([...this.#seen.values()].flatMap((passages) => [...passages]));
    return [...this.#byChunk.values()].filter((passage) => seen.has(passage));
  }
}

/** A passage as a tool result shows it. */
function renderPassage(passage: Passage): string {
  return `[${passage.id}] ${passage.chunk.file} > ${passage.chunk.heading}\n${bodyOf(passage)}`;
}

/** What stands above the passage's text and belongs to it: its headings, the head of its table. */
export function headOf({ chunk }: Passage): string {
  return `${chunk.heading}\n${chunk.context ?? ""}`;
}

/** The text, below the head of its table where it has one. */
export function bodyOf({ chunk }: Passage): string {
  return chunk.context ? `${chunk.context}\n${chunk.text}` : chunk.text;
}

export function wholeText(passage: Passage): string {
  return `${headOf(passage)}\n${passage.chunk.text}`;
}

export function renderPassages(passages: readonly Passage[]): string {
  return passages.map(renderPassage).join("\n\n");
}
