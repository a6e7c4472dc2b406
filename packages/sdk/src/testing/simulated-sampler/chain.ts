// The readable reference of the sampler: every stage as its definition says, in doubles, over the whole vocabulary and
// with a full sort. Fast ones are compared with it.
import type { Token } from "../../backend/ids.ts";
import type { ResolvedSampling } from "../../backend/sampling.ts";
import { addBiases } from "./bias.ts";
import { type Candidate, probabilities, rank } from "./candidates.ts";
import { draw } from "./draw.ts";
import { dry } from "./dry.ts";
import { minP } from "./min-p.ts";
import { mirostat1, mirostat2 } from "./mirostat.ts";
import { penalise } from "./penalties.ts";
import { uniformOf } from "./random.ts";
import { temper } from "./temperature.ts";
import { topK } from "./top-k.ts";
import { topNSigma } from "./top-n-sigma.ts";
import { topP } from "./top-p.ts";
import { typical } from "./typical.ts";
import { xtc } from "./xtc.ts";

/** All that a choice depends on. */
export interface Choice {
  /** Raw logits, shape [nVocab]. */
  readonly row: Float32Array;
  /** The grammar's word. */
  readonly allowed: (token: Token) => boolean;
  /** Logit bias and steer, in this order. */
  readonly biases: readonly ReadonlyMap<Token, number>[];
  /** The last `count` tokens that were committed or accepted, oldest first. */
  readonly recent: (count: number) => readonly Token[];
  readonly sampling: ResolvedSampling;
  /** Mirostat's bound, in bits. */
  readonly mu: number;
  /** Tokens committed so far. */
  readonly commits: number;
  /** Numbers of the generator that were asked for at this row: 0 for `produce`. */
  readonly draw: number;
}

/** The next token, or undefined where nothing is left to choose from. */
export function choose(choice: Choice): Token | undefined {
  if (choice.sampling.temperature === 0) return greedy(editedLogits(choice), choice.allowed);
  return draw(survivors(choice), uniform(choice));
}

/** -ln of the probability, in nats, with which `choose` gives this token. Infinity for one that it cannot give. */
export function samplingSurprisal(choice: Choice, token: Token): number {
  if (choice.sampling.temperature === 0) return choose(choice) === token ? 0 : Infinity;
  const left = survivors(choice);
  const place = left.findIndex((each) => each.token === token);
  return place === -1 ? Infinity : -Math.log(probabilities(left)[place] as number);
}

/** The row after the stages that change single logits: biases, penalties, DRY. */
function editedLogits({ row, biases, recent, sampling }: Choice): ArrayLike<number> {
  const { repeatPenalty, frequencyPenalty, presencePenalty, dryMultiplier } = sampling;
  const isPenalised = repeatPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0;
  if (biases.length === 0 && !isPenalised && dryMultiplier === 0) return row;
  const logits = Float64Array.from(row);
  for (const each of biases) addBiases(logits, each);
  if (isPenalised) penalise(logits, recent(sampling.penaltyLastN), sampling);
  if (dryMultiplier !== 0) dry(logits, recent(sampling.dryLastN), sampling);
  return logits;
}

/** One pass that asks the grammar only about a token that beats the best so far: about six of a vocabulary. */
function greedy(logits: ArrayLike<number>, allowed: (token: Token) => boolean): Token | undefined {
  let best: Token | undefined;
  let highest = -Infinity;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] as number;
    if (logit > highest && allowed(token)) [best, highest] = [token, logit];
  }
  return best;
}

/** What may be drawn, with the logits that it is drawn by. */
function survivors(choice: Choice): readonly Candidate[] {
  const { sampling } = choice;
  const left = truncated(rank(editedLogits(choice), choice.allowed), choice);
  return temper(left, {
    temperature: sampling.temperature,
    range: sampling.dynatempRange,
    exponent: sampling.dynatempExponent,
  });
}

function truncated(candidates: readonly Candidate[], choice: Choice): readonly Candidate[] {
  const { sampling, mu, row } = choice;
  if (sampling.mirostat === 1) return mirostat1(candidates, mu, row.length);
  if (sampling.mirostat === 2) return mirostat2(candidates, mu);
  let left = topNSigma(candidates, sampling.topNSigma);
  left = topK(left, sampling.topK);
  left = typical(left, sampling.typicalP);
  left = topP(left, sampling.topP);
  left = minP(left, sampling.minP);
  return xtc(left, { probability: sampling.xtcProbability, threshold: sampling.xtcThreshold, coin: coin(choice) });
}

function uniform({ sampling: { seed }, commits, draw }: Choice): number {
  return draw === 0 ? uniformOf(seed, commits) : uniformOf(seed, commits, draw);
}

// A key of another length than those of `uniform`, so that coin and draw know nothing of each other.
function coin({ sampling: { seed }, commits, draw }: Choice): number {
  return uniformOf(seed, commits, draw, 1);
}
