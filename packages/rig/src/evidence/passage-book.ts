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

/** A passage as a model reads it. */
export function renderPassage({ id, chunk }: Passage): string {
  const context = chunk.context ? `${chunk.context}\n` : "";
  return `[${id}] ${chunk.file} > ${chunk.heading}\n${context}${chunk.text}`;
}

export function renderPassages(passages: readonly Passage[]): string {
  return passages.map(renderPassage).join("\n\n");
}
