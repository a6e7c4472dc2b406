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
 * Rows of a batch up to which guesses are made. On two cores and Qwen2.5-0.5B ticks of 1, 2, 4, 8 and 16 rows take 60, 93, 141,
 * 250 and 464 ms (`bench/results/engine.json`): a row more costs 27 to 33 ms. Beside one branch a guess pays when every
 * second is right, beside two too; beside four it takes four of five, and beside eight nine of ten.
 */
const rowsMax = 6;
/** Guesses for a branch that nothing is known of yet. */
const firstGuesses = 2;

/**
 * The drafter of a tree. It comes with the first call that wants guesses, so that nobody else pays for it, is told of all
 * that lives then, and hears of everything from there on.
 */
export class Drafting {
  readonly #capabilities: Pick<Capabilities, "draftRows" | "nUbatch">;
  readonly #tellOfLiving: (drafter: Drafter) => void;
  #hasCome = false;
  #drafter: Drafter | undefined;
  /** By branch: how many guesses are worth a try. */
  readonly #trust = new Map<number, number>();

  constructor(
    capabilities: Pick<Capabilities, "draftRows" | "nUbatch">,
    tellOfLiving: (drafter: Drafter) => void = () => {},
  ) {
    this.#capabilities = capabilities;
    this.#tellOfLiving = tellOfLiving;
  }

  /** In place of the one before. */
  use(drafter: Drafter): void {
    this.#hasCome = true;
    this.#drafter = drafter;
    this.#tell(this.#tellOfLiving);
  }

  opened(branch: number, parent?: number): void {
    this.#tell((drafter) => drafter.opened(branch, parent));
  }

  wrote(branch: number, tokens: readonly Token[]): void {
    this.#tell((drafter) => drafter.wrote(branch, tokens));
  }

  closed(branch: number): void {
    this.#trust.delete(branch);
    this.#tell((drafter) => drafter.closed(branch));
  }

  begin(rows: readonly DraftRow[]): DraftedRun {
    if (!this.#hasCome) this.use(new PromptLookup());
    return new DraftedRun(rows, {
      guess: (asks) => this.#guess(rows, asks),
      learn: (branch, guesses, accepted) => this.#learn(branch, guesses, accepted),
    });
  }

  #guess(rows: readonly DraftRow[], asks: readonly DraftAsk[]): (readonly Token[])[] {
    const wanting = asks.filter(({ entry }) => rows[entry]?.maxTokens !== undefined).length;
    const { draftRows, nUbatch } = this.#capabilities;
    const each = Math.floor(Math.min(draftRows, Math.min(nUbatch, rowsMax) - asks.length) / wanting);
    return asks.map(({ entry, produced, forced }) => {
      const { branch, token, maxTokens = 0 } = rows[entry] as DraftRow;
      const most = Math.min(each, this.#trust.get(branch) ?? firstGuesses, maxTokens - produced.length - 1);
      if (!(most > 0)) return [];
      const sure = forced.slice(0, most);
      return [...sure, ...this.#draft(branch, [token, ...produced, ...sure], most - sure.length)];
    });
  }

  // Twice as many where all were right, as many as were right where not.
  #learn(branch: number, guesses: number, accepted: number): void {
    if (guesses > 0)
      this.#trust.set(branch, accepted === guesses ? Math.min(2 * guesses, rowsMax) : Math.max(1, accepted));
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

/** How a run comes by guesses, and whom it tells what became of them. */
interface Guesser {
  guess(asks: readonly DraftAsk[]): (readonly Token[])[];
  learn(branch: number, guesses: number, accepted: number): void;
}

/** What was guessed in one run, and what of it came. */
export class DraftedRun {
  readonly #rows: readonly DraftRow[];
  readonly #guesser: Guesser;
  /** By entry and batch: tokens produced before it, and guesses. */
  readonly #asked: { before: number; guesses: number }[][];

  constructor(rows: readonly DraftRow[], guesser: Guesser) {
    this.#rows = rows;
    this.#guesser = guesser;
    this.#asked = rows.map(() => []);
  }

  /** For `RunOptions.draft`. */
  readonly ask = (asks: readonly DraftAsk[]): (readonly Token[])[] => {
    for (const { entry, produced } of asks) this.#learnOf(entry, produced.length);
    const lists = this.#guesser.guess(asks);
    for (const [i, { entry, produced }] of asks.entries())
      this.#asked[entry]?.push({ before: produced.length, guesses: lists[i]?.length ?? 0 });
    return lists;
  };

  /** What each batch did for an entry that has produced so many tokens in the end. Once for each. */
  land(entry: number, produced: number): Step[] {
    this.#learnOf(entry, produced);
    const asked = this.#asked[entry] ?? [];
    return asked.map(({ before, guesses }, i) => {
      const tokens = (asked[i + 1]?.before ?? produced) - before;
      return { tokens, rejected: guesses - tokens + 1 };
    });
  }

  #learnOf(entry: number, produced: number): void {
    const last = this.#asked[entry]?.at(-1);
    const row = this.#rows[entry];
    if (last && row) this.#guesser.learn(row.branch, last.guesses, produced - last.before - 1);
  }
}
