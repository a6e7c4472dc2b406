// A process, or a worker, that ends while native code is at work ends with its own status, and no crash.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import { resolveSampling } from "@lloyal-labs/sdk";
import { Random } from "@lloyal-labs/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkContextOptions } from "../../src/check-context-options.ts";

const runs = Number(process.env.LLOYAL_RUNS ?? 3);
const addon = process.env.LLOYAL_ADDON || join(import.meta.dirname, "../../build/lloyal.node");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-exits-"));
  writeFileSync(join(folder, "tiny.gguf"), writeGguf(tinyModel()));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(["main", "worker", "terminated"])("the end of a process: %s", (place) => {
  it.each(["load", "create", "decode", "dispose", "save and restore"])(
    `may come during a %s, at any of ${runs} moments`,
    (moment) => {
      const modelPath = join(folder, "tiny.gguf");
      const { load, context } = checkContextOptions({ modelPath, nThreads: 1, nCtx: 16_384 });
      const loading = { path: load.modelPath, vocabOnly: false, gpus: [], gpuLayers: 0, mmap: true, mlock: false };
      for (let seed = 1; seed <= runs; seed++) {
        const delayMs = seed === 1 ? 0 : new Random(seed).below(60);
        const plan = { place, moment, delayMs, addon, load: loading, options: context, sampling: resolveSampling() };
        const child = join(import.meta.dirname, "exits-child.mjs");
        const { status, signal, stderr } = spawnSync(process.execPath, [child, JSON.stringify(plan)], {
          encoding: "utf8",
        });
        expect({ status, signal, stderr }, `after ${delayMs} ms`).toEqual({ status: 7, signal: null, stderr: "" });
      }
    },
  );
});
