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
 * @typeParam S - what a sequence is before a commit, with what it has committed until then
 */
export class Written<S extends { readonly written: Written<S> | undefined }> {
  /** Undefined where the sums are known from elsewhere. */
  readonly #before: S | undefined;
  readonly #token: number;
  #sums: Sums | undefined;

  constructor(before: S | undefined, token: number, sums?: Sums) {
    this.#before = before;
    this.#token = token;
    this.#sums = sums;
  }

  /** The sums up to a commit and with it; `measure` gives what one commit adds. */
  static sumsOf<S extends { readonly written: Written<S> | undefined }>(
    written: Written<S> | undefined,
    measure: (before: S, token: number) => Surprisals,
  ): Sums {
    const open: Written<S>[] = [];
    let sums: Sums = nothing;
    // A loop, because a text may be longer than the stack is deep.
    for (let each = written; each; each = each.#before?.written) {
      if (each.#sums) {
        sums = each.#sums;
        break;
      }
      open.push(each);
    }
    for (const each of open.reverse()) {
      const { model, sampling } = measure(each.#before as S, each.#token);
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
