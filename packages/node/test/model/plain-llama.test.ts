// A fork that writes greedily, against plain llama.cpp (native/test/plain) with batches of the same shapes: the same tokens,
// and rows that are equal bit by bit. On real weights, and on every family.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyArchitectures, tinyModel } from "@lloyal-labs/models/testing";
import { Branch, BranchStore, type Token } from "@lloyal-labs/sdk";
import { Random } from "@lloyal-labs/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createContext, type NativeSession } from "../../src/index.ts";

const smol = process.env.LLOYAL_SMOL ?? "";
const prompts = Number(process.env.LLOYAL_RUNS ?? 6);
const plain = join(import.meta.dirname, "../../../../native/build-test/lloyal_plain");
// Without flash attention all nodes of the graph are llama.cpp's on both sides. Our attention is compared with its own in
// families.test.ts.
const size = { nCtx: 512, nBatch: 32, nUbatch: 32, nThreads: 1, flashAttn: false };
const written = 24;

/** The first tokens are the parent's, the others the fork's. */
type Prompt = readonly [Token[], Token[]];

/** A row, as its likeliest token and a hash of its bits. */
type Seen = readonly [Token, number];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-plain-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

// `pnpm native:test` builds the program to compare with; `npm test` has run it before these tests.
describe.skipIf(!existsSync(plain))("a fork writes what plain llama.cpp writes, bit by bit", () => {
  it.skipIf(!smol)(`for ${prompts} prompts on real weights`, async () => {
    await expectEqual(smol, ({ language }, i) => {
      const system = language.tokenize(language.system("You are a helpful assistant.", []));
      const question = language.tokenize([...language.user(questionOf(i)), ...language.generationPrompt]);
      return [system, question];
    });
  });

  it.each(tinyArchitectures)(`for ${prompts} prompts on a small %s`, async (architecture) => {
    const modelPath = join(folder, `${architecture}.gguf`);
    writeFileSync(modelPath, writeGguf(tinyModel({ architecture, seed: 1 })));
    await expectEqual(modelPath, (_, i) => {
      const random = new Random(i);
      const tokens = () => Array.from({ length: 1 + random.below(80) }, () => random.below(256));
      return [tokens(), tokens()];
    });
  });
});

async function expectEqual(modelPath: string, promptOf: (ctx: NativeSession, i: number) => Prompt): Promise<void> {
  const ctx = await createContext({ ...size, modelPath, nSeqMax: 4 });
  const asked = Array.from({ length: prompts }, (_, i) => promptOf(ctx, i));
  const expected = askPlain(modelPath, asked);
  for (const [i, prompt] of asked.entries()) {
    expect(await writeOnFork(ctx, prompt), `prompt ${i}`).toEqual(expected[i]);
  }
  await ctx.dispose();
}

async function writeOnFork(ctx: NativeSession, [first, rest]: Prompt): Promise<Seen[]> {
  const store = new BranchStore(ctx);
  const parent = Branch.create(ctx, 0);
  await parent.prefill(first);
  const fork = parent.forkSync();
  await fork.prefill(rest);
  const seen = [seenOf(parent), seenOf(fork)];
  for (let i = 0; i < written; i++) {
    await store.step([[fork, fork.produceSync().token]]);
    seen.push(seenOf(fork));
  }
  parent.pruneSubtreeSync();
  return seen;
}

function seenOf(branch: Branch): Seen {
  const row = branch.getLogits();
  let hash = 0x811c9dc5;
  for (const bits of new Uint32Array(row.buffer, row.byteOffset, row.length)) hash = Math.imul(hash ^ bits, 0x01000193);
  return [branch.produceSync().token, hash >>> 0];
}

function askPlain(modelPath: string, asked: readonly Prompt[]): Seen[][] {
  const { nCtx, nBatch, nThreads } = size;
  // A deterministic prefill is cut where positions are multiples of nBatch, so the fork's begins with what is left to one.
  const batchesOf = (tokens: readonly Token[], position: number) => {
    const batches: (readonly Token[])[] = [];
    for (let at = 0; at < tokens.length; at += batches.at(-1)?.length ?? 0)
      batches.push(tokens.slice(at, at + nBatch - ((position + at) % nBatch)));
    return batches;
  };
  const cut = ([first, rest]: Prompt) => [batchesOf(first, 0), batchesOf(rest, first.length)] as const;
  const input = asked.map((prompt) =>
    [
      written,
      ...cut(prompt)
        .flat()
        .flatMap((batch) => [batch.length, ...batch]),
    ].join(" "),
  );
  const args = [modelPath, nCtx, nBatch, nThreads].map(String);
  const { status, stdout, stderr } = spawnSync(plain, args, { input: input.join("\n"), encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stdout.split("\n").flatMap((line, i) => {
    const prompt = asked[i];
    if (!prompt) return [];
    const numbers = line.trim().split(" ").map(Number);
    const rows = Array.from(
      { length: numbers.length / 2 },
      (_, row): Seen => [numbers[2 * row]!, numbers[2 * row + 1]!],
    );
    // The engine keeps the row of a prefill's last batch.
    const [first, rest] = cut(prompt);
    return [[rows[first.length - 1]!, ...rows.slice(first.length + rest.length - 1)]];
  });
}

function questionOf(i: number): string {
  const subjects = [
    "France",
    "the Moon",
    "a violin",
    "rice",
    "the sea",
    "an ant",
    "glass",
    "a bicycle",
    "Mars",
    "salt",
  ];
  const questions = [
    (of: string) => `What is ${of}?`,
    (of: string) => `Write one sentence about ${of}.`,
    (of: string) => `Name three things that have to do with ${of}, and say in a few words why you have chosen each.`,
    (of: string) => `How would you explain ${of} to a child of six who has never heard of it?`,
    (of: string) => `Is ${of} large or small?`,
    (of: string) => `What did people think of ${of} two hundred years ago, and what has changed since then?`,
    (of: string) => `Count from one to ten, then say something about ${of}.`,
    (of: string) => `Give me a short poem about ${of}.`,
    (of: string) => `What is the opposite of ${of}? Answer in one word.`,
    (of: string) => `List the colours of ${of}.`,
  ];
  return questions[Math.floor(i / 10) % 10]!(subjects[i % 10]!);
}
