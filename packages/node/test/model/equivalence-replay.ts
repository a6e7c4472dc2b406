// Fork = fresh, bit by bit.
//
// A row of logits depends on more than the tokens before it. With other batches around it the kernels differ; with
// its cells in another order in the cache attention adds up in another order, and on SmolLM2 the logits move by up to
// 1.2. So a fresh run is compared in the very same circumstances: the recorded batches are sent again, of the same
// width, with the watched rows in the same places, and every cell is taken and freed at the same point as before.
//
//   recorded   root ─ 0 1 2 3 ┬ 4 5      (goes on)        replayed   fresh     0 1 2 3 6 7
//                             └ 6 7 …    (watched)                   stranger  4 5           other tokens
//
// But there is no fork: the watched branch writes its whole history itself, and the rows of all others hold other
// tokens at other positions. Equal bits then say that a fork is a fresh run, and that nobody reads a stranger's cells.
import { Branch, BranchStore, type Engine, type SessionContext, type Token } from "@lloyal-labs/sdk";
import { Random } from "@lloyal-labs/sdk/testing";

interface SentEntry {
  branch: Branch;
  /** Where its first token went. */
  position: number;
  tokens: readonly Token[];
  /** The branch's logits when the call had landed. */
  row: Float32Array;
}

type Recorded = { kind: "prefill" | "commit"; entries: readonly SentEntry[] } | { kind: "prune"; branch: Branch };

export interface RecordedTree {
  log: readonly Recorded[];
  living: readonly Branch[];
}

/** Grows a tree by random forks, prefills, ticks and prunes, and keeps what was sent, and which rows came back. */
export async function recordTree(ctx: SessionContext, seed: number, steps: number): Promise<RecordedTree> {
  const random = new Random(seed);
  const store = new BranchStore(ctx);
  const log: Recorded[] = [];
  let living: Branch[] = [];

  const anyTokens = (max: number) => randomTokens(ctx.engine, random, 1 + random.below(max));
  const send = async (kind: "prefill" | "commit", calls: readonly (readonly [Branch, readonly Token[]])[]) => {
    if (calls.length === 0 || calls.flatMap(([, tokens]) => tokens).length > store.pressure().free) return;
    const before = calls.map(([branch, tokens]) => ({ branch, position: branch.position, tokens }));
    if (kind === "prefill") await store.prefill(calls);
    else await store.commit(calls.map(([branch, tokens]) => [branch, tokens[0] as Token] as const));
    log.push({ kind, entries: before.map((entry) => ({ ...entry, row: entry.branch.getLogits() })) });
  };
  const create = async (tokens: readonly Token[]) => {
    const root = Branch.create(ctx, 0);
    living.push(root);
    await send("prefill", [[root, tokens]]);
  };
  const fork = () => {
    const child = random.pick(living).forkSync();
    child.setSamplerParams({ temperature: 1, seed: random.below(1000) });
    living.push(child);
  };
  const prune = () => {
    const leaf = random.pick(living.filter(({ isLeaf }) => isLeaf));
    leaf.pruneSync();
    living = living.filter((branch) => branch !== leaf);
    log.push({ kind: "prune", branch: leaf });
  };
  const tick = () => {
    const ready = random.some(living, 8).filter(({ position }) => position > 0);
    return send(
      "commit",
      ready.map((branch) => [branch, [branch.produceSync().token]] as const),
    );
  };

  // Wide enough for the tiled kernel of attention.
  await create(randomTokens(ctx.engine, random, 70));
  for (let step = 0; step < steps; step++) {
    const kind = random.below(10);
    if (kind === 0 && store.available > 0) await create(anyTokens(20));
    else if (kind <= 2 && store.available > 0) fork();
    else if (kind === 3 && living.length > 2) prune();
    else if (kind <= 5)
      await send(
        "prefill",
        random.some(living, 3).map((branch) => [branch, anyTokens(12)] as const),
      );
    else await tick();
  }
  return { log, living };
}

/** Which rows of `watched` a fresh run gives bit by bit. */
export interface ReplayOutcome {
  rows: number;
  equal: number;
}

/** Writes the history of `watched` on one sequence of a fresh context, without a fork. */
export async function replayFresh(
  { engine }: SessionContext,
  { log }: RecordedTree,
  watched: Branch,
): Promise<ReplayOutcome> {
  const random = new Random(watched.id);
  const ends = endsOfHistory(watched);
  const fresh = engine.open();
  const strangers = new Map<Branch, number>();
  const strangerOf = (branch: Branch) => {
    const known = strangers.get(branch) ?? engine.open();
    strangers.set(branch, known);
    return known;
  };

  const isOwn = ({ branch, position }: SentEntry) => position < (ends.get(branch) ?? 0);
  const last = log.findLastIndex((sent) => sent.kind !== "prune" && sent.entries.some(isOwn));
  const outcome: ReplayOutcome = { rows: 0, equal: 0 };
  for (const sent of log.slice(0, last + 1)) {
    if (sent.kind === "prune") {
      // All cells that a branch wrote go when it is pruned: it had no children left to share them with.
      const stranger = strangers.get(sent.branch);
      if (stranger !== undefined) engine.close(stranger);
      continue;
    }
    const entries = sent.entries.map((entry) =>
      isOwn(entry)
        ? { sequence: fresh, tokens: entry.tokens }
        : { sequence: strangerOf(entry.branch), tokens: randomTokens(engine, random, entry.tokens.length) },
    );
    if (sent.kind === "prefill") await engine.prefill(entries);
    else await engine.commit(entries.map(({ sequence, tokens }) => ({ sequence, token: tokens[0] as Token })));

    const own = sent.entries.find(isOwn);
    if (!own) continue;
    outcome.rows++;
    if (bitsOf(engine.row(fresh)).equals(bitsOf(own.row))) outcome.equal++;
  }
  return outcome;
}

/** Up to which position the cells of each branch belong to the history of `watched`. */
function endsOfHistory(watched: Branch): Map<Branch, number> {
  const ends = new Map([[watched, Number.POSITIVE_INFINITY]]);
  for (let branch = watched; branch.parent; branch = branch.parent) ends.set(branch.parent, branch.forkHead);
  return ends;
}

function randomTokens(engine: Engine, random: Random, count: number): Token[] {
  return Array.from({ length: count }, () => random.below(engine.capabilities.nVocab));
}

function bitsOf(row: Float32Array): Buffer {
  return Buffer.from(row.buffer, row.byteOffset, row.byteLength);
}
