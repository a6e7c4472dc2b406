import type { Capabilities, DraftAsk } from "../backend/engine.ts";
import type { Token } from "../backend/ids.ts";
import type { Step } from "./batch-log.ts";
import type { Drafter } from "./drafter.ts";
import { PromptLookup } from "./prompt-lookup.ts";

/** An entry of a run: a branch, the token that is written first, and how many it may produce if it wants guesses. */
export interface DraftRow {
  readonly branch: number;
  readonly token: Token;
  readonly maxTokens: number | undefined;
}

/**
 * Rows of a batch up to which guesses are made; a wider one has none. On two cores a decode of eight rows takes 2 to 3 times
 * as long as one of one row, and from there on each row costs what it would alone: see `docs/measurements.md`.
 */
const rowsMax = 8;

/** The drafter of a tree. It hears of everything; it is asked where a call wants guesses. */
export class Drafting {
  readonly #capabilities: Pick<Capabilities, "draftRows" | "nUbatch">;
  #drafter: Drafter | undefined = new PromptLookup();

  constructor(capabilities: Pick<Capabilities, "draftRows" | "nUbatch">) {
    this.#capabilities = capabilities;
  }

  /** In place of the one before. It hears of what comes from now on. */
  use(drafter: Drafter): void {
    this.#drafter = drafter;
  }

  opened(branch: number, parent?: number): void {
    this.#tell((drafter) => drafter.opened(branch, parent));
  }

  wrote(branch: number, tokens: readonly Token[]): void {
    this.#tell((drafter) => drafter.wrote(branch, tokens));
  }

  closed(branch: number): void {
    this.#tell((drafter) => drafter.closed(branch));
  }

  begin(rows: readonly DraftRow[]): DraftedRun {
    return new DraftedRun(rows, (asks) => this.#guess(rows, asks));
  }

  #guess(rows: readonly DraftRow[], asks: readonly DraftAsk[]): (readonly Token[])[] {
    const wanting = asks.filter(({ entry }) => rows[entry]?.maxTokens !== undefined).length;
    const { draftRows, nUbatch } = this.#capabilities;
    const each = Math.floor(Math.min(draftRows, Math.min(nUbatch, rowsMax) - asks.length) / wanting);
    return asks.map(({ entry, produced, forced }) => {
      const { branch, token, maxTokens = 0 } = rows[entry] as DraftRow;
      const most = Math.min(each, maxTokens - produced.length - 1);
      if (!(most > 0)) return [];
      const sure = forced.slice(0, most);
      return [...sure, ...this.#draft(branch, [token, ...produced, ...sure], most - sure.length)];
    });
  }

  #draft(branch: number, ahead: readonly Token[], most: number): readonly Token[] {
    return most > 0 && this.#drafter ? this.#drafter.draft(branch, ahead, most).slice(0, most) : [];
  }

  // What the engine has written is written: a drafter that throws is dropped and cannot undo it.
  #tell(news: (drafter: Drafter) => void): void {
    if (!this.#drafter) return;
    try {
      news(this.#drafter);
    } catch {
      this.#drafter = undefined;
    }
  }
}

/** What was guessed in one run, and what of it came. */
export class DraftedRun {
  readonly #guess: (asks: readonly DraftAsk[]) => (readonly Token[])[];
  /** By entry and batch: tokens produced before it, and guesses. */
  readonly #asked: { before: number; guesses: number }[][];

  constructor(rows: readonly DraftRow[], guess: (asks: readonly DraftAsk[]) => (readonly Token[])[]) {
    this.#guess = guess;
    this.#asked = rows.map(() => []);
  }

  /** For `RunOptions.draft`. */
  readonly ask = (asks: readonly DraftAsk[]): (readonly Token[])[] => {
    const lists = this.#guess(asks);
    for (const [i, { entry, produced }] of asks.entries())
      this.#asked[entry]?.push({ before: produced.length, guesses: lists[i]?.length ?? 0 });
    return lists;
  };

  /** What each batch did for an entry that has produced so many tokens in the end. */
  stepsOf(entry: number, produced: number): Step[] {
    const asked = this.#asked[entry] ?? [];
    return asked.map(({ before, guesses }, i) => {
      const tokens = (asked[i + 1]?.before ?? produced) - before;
      return { tokens, rejected: guesses - tokens + 1 };
    });
  }
}
