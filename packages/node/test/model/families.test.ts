// Every family of models that differs to an engine, with random weights: what it can do, and the contract on it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyArchitectures, tinyModel } from "@lloyal-labs/models/testing";
import type { Engine, SequenceHandle, Token } from "@lloyal-labs/sdk";
import { contractCases } from "@lloyal-labs/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ContextOptions, createContext } from "../../src/index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-families-"));
  for (const architecture of tinyArchitectures) {
    writeFileSync(pathOf(architecture), writeGguf(tinyModel({ architecture, seed: 1 })));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const pathOf = (architecture: string) => join(folder, `${architecture}.gguf`);
const open = (architecture: string, size: Partial<ContextOptions> = {}) =>
  createContext({ nCtx: 512, nSeqMax: 6, ...size, modelPath: pathOf(architecture), nThreads: 1 });

// Flash attention computes in 16 bits, whatever the cache holds.
const inFull = { flashAttn: false, typeK: "f32", typeV: "f32" } as const;

const text = (length: number, salt: number): Token[] =>
  Array.from({ length }, (_, i) => 97 + ((i * i + salt * i) % 26));

async function prefilled(engine: Engine, tokens: Token[]): Promise<SequenceHandle> {
  const sequence = engine.open();
  await engine.prefill([{ sequence, tokens }]);
  return sequence;
}

describe.each(tinyArchitectures)("%s", (architecture) => {
  it("tells what it can do", async () => {
    const { engine, dispose } = await open(architecture);
    const recurrent = architecture === "mamba" || architecture === "lfm2";
    expect(engine.capabilities).toMatchObject({
      recurrent,
      cellsPerToken: architecture === "mamba" ? 0 : 1,
      canForkAt: recurrent ? "head" : "any",
      canTruncate: !recurrent,
      swaWindow: architecture === "gemma3" ? 32 : 0,
      encoder: false,
      nSeqMax: 6,
    });
    await dispose();
  });

  it("gives a fork at the head the rows of a fresh run, bit by bit, whatever its siblings write", async () => {
    const prompt = text(40, 1); // all within 256 cells: then the shape of the attention is the same
    const { engine, dispose } = await open(architecture);
    const parent = await prefilled(engine, prompt);
    const forks = [engine.fork(parent), engine.fork(parent), engine.fork(parent)];
    const other = await open(architecture);
    const fresh = [await prefilled(other.engine, prompt)];
    fresh.push(await prefilled(other.engine, prompt), await prefilled(other.engine, prompt));
    for (let step = 0; step < 12; step++) {
      const tokens = forks.map((_, i) => 97 + ((step * (i + 3)) % 26));
      await engine.commit(forks.map((sequence, i) => ({ sequence, token: tokens[i] as Token })));
      await other.engine.commit(fresh.map((sequence, i) => ({ sequence, token: tokens[i] as Token })));
      for (const [i, fork] of forks.entries()) expect(engine.row(fork)).toEqual(other.engine.row(fresh[i]!));
    }
    expect(engine.row(forks[0]!)).not.toEqual(engine.row(forks[1]!));
    // The parent is where it was, and goes on as if there had been no fork.
    const alone = await prefilled(other.engine, prompt);
    expect(engine.row(parent)).toEqual(other.engine.row(alone));
    await engine.commit([{ sequence: parent, token: 99 }]);
    await other.engine.commit([{ sequence: alone, token: 99 }]);
    expect(engine.row(parent)).toEqual(other.engine.row(alone));
    await dispose();
    await other.dispose();
  });

  it("attends to what llama.cpp's own attention attends to", async () => {
    const prompt = text(70, 1);
    const rows = [];
    for (const flashAttn of [true, false]) {
      const { engine, dispose } = await open(architecture, { flashAttn });
      const parent = await prefilled(engine, prompt);
      const forks = [engine.fork(parent), engine.fork(parent)];
      for (let step = 0; step < 40; step++)
        await engine.commit(forks.map((sequence, i) => ({ sequence, token: 97 + ((step * (i + 3)) % 26) })));
      rows.push(forks.map((fork) => engine.row(fork)));
      await dispose();
    }
    const [ours, plain] = rows as [Float32Array[], Float32Array[]];
    for (const [i, row] of ours.entries()) {
      const spread = Math.max(...row) - Math.min(...row);
      const apart = Math.max(...row.map((logit, token) => Math.abs(logit - plain[i]![token]!)));
      expect(apart / spread).toBeLessThan(0.02);
    }
  });

  it("takes a run back that ends in an error, and writes on as if it had not been", async () => {
    const { engine, dispose } = await open(architecture, { nBatch: 32, nUbatch: 16 });
    const [one, two] = [await prefilled(engine, text(40, 1)), await prefilled(engine, text(50, 2))];
    const twins = [engine.fork(one), engine.fork(two)];
    const cells = await engine.countCells();
    let asked = 0;
    const until = () => {
      if (++asked > 5) throw new RangeError("from the caller");
      return false;
    };
    const entries = [one, two].map((sequence) => ({ sequence, token: 98 }));
    await expect(engine.run(entries, { maxTicks: 9, until })).rejects.toThrow(RangeError);
    const bad = [...text(70, 3), engine.capabilities.nVocab];
    await expect(
      engine.prefill([
        { sequence: two, tokens: text(20, 4) },
        { sequence: one, tokens: bad },
      ]),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await engine.countCells()).toBe(cells);
    await engine.commit(entries);
    await engine.commit(twins.map((sequence) => ({ sequence, token: 98 })));
    expect(engine.row(one)).toEqual(engine.row(twins[0]!));
    expect(engine.row(two)).toEqual(engine.row(twins[1]!));
    for (const sequence of [one, two, ...twins]) engine.close(sequence);
    expect(await engine.countCells()).toBe(0);
    await dispose();
  });

  it.each(contractCases.map(({ name, run }) => [name, run] as const))("%s", async (_, run) => {
    await run({ open: (size, { precise }) => open(architecture, { ...size, ...(precise && inFull) }) });
  });
});
