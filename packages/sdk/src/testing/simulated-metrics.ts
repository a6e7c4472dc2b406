import type { SequenceMetrics } from "../backend/engine.ts";

/** Surprisals, in nats. */
export interface Surprisals {
  readonly model: number;
  readonly sampling: number;
}

export interface Sums extends Surprisals {
  readonly count: number;
}

const nothing: Sums = { model: 0, sampling: 0, count: 0 };

/**
 * What a sequence has committed, newest first, shared by forks. A surprisal costs a pass over the vocabulary and most
 * sequences are never asked for theirs, so it is taken when somebody asks, once.
 *
 * @typeParam C - what a commit was
 */
export class Written<C> {
  readonly #previous: Written<C> | undefined;
  readonly #measure: (commit: C) => Surprisals;
  /** Undefined where the sums are known from elsewhere. */
  readonly #commit: C | undefined;
  #sums: Sums | undefined;

  /** @param measure - one function for all commits: a closure for each of them would be most of what a token costs */
  constructor(previous: Written<C> | undefined, measure: (commit: C) => Surprisals, commit?: C) {
    this.#previous = previous;
    this.#measure = measure;
    this.#commit = commit;
  }

  /** What was committed elsewhere, in sums. */
  static before<C>(sums: Sums): Written<C> {
    const written = new Written<C>(undefined, () => sums);
    written.#sums = sums;
    return written;
  }

  static sumsOf<C>(written: Written<C> | undefined): Sums {
    return written ? written.#total() : nothing;
  }

  static metricsOf<C>(written: Written<C> | undefined): SequenceMetrics {
    const { model, sampling, count } = Written.sumsOf(written);
    return { perplexity: Math.exp(model / count), samplingPerplexity: Math.exp(sampling / count) };
  }

  #total(): Sums {
    const open: Written<C>[] = [];
    let sums: Sums = nothing;
    // A loop, because a text may be longer than the stack is deep.
    for (let each: Written<C> | undefined = this; each; each = each.#previous) {
      if (each.#sums) {
        sums = each.#sums;
        break;
      }
      open.push(each);
    }
    for (const each of open.reverse()) {
      const { model, sampling } = each.#measure(each.#commit as C);
      sums = { model: sums.model + model, sampling: sums.sampling + sampling, count: sums.count + 1 };
      each.#sums = sums;
    }
    return sums;
  }
}

/** -ln of the probability of `token` under a row, in nats. */
export function rowSurprisal(row: Float32Array, token: number): number {
  return logPartition(row) - (row[token] as number);
}

/** Entropy of a row, in nats. */
export function rowEntropy(row: Float32Array): number {
  const partition = logPartition(row);
  let entropy = 0;
  for (const logit of row) if (logit !== -Infinity) entropy += Math.exp(logit - partition) * (partition - logit);
  return entropy;
}

/** ln of the sum of exp of the logits. */
function logPartition(row: Float32Array): number {
  const best = row.reduce((highest, logit) => Math.max(highest, logit), -Infinity);
  let total = 0;
  for (const logit of row) total += Math.exp(logit - best);
  return best + Math.log(total);
}
