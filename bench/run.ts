// pnpm bench <name> [--json] [--check] [--save]; `tree` also takes --n, --s (lists, as 1,2,4) and --rounds
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { cacheRoot, embeddedDefault, ensureModel } from "@lloyal-labs/models";
import { llamaDocs } from "../scripts/lib/llama-source.mjs";
import { benchAnswers, missedBars as missedByAnswers } from "./answers.ts";
import { benchDrafts, missedBars as missedByDrafts } from "./drafts.ts";
import { benchEngine, missedBars as missedByEngine } from "./engine/engine.ts";
import { benchMain, missedBars as missedByMain } from "./main.ts";
import { benchTick, missedBars as missedByTick } from "./tick.ts";
import { benchTree, missedBars as missedByTree } from "./tree/tree.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    check: { type: "boolean" },
    save: { type: "boolean" },
    arm: { type: "string" },
    n: { type: "string", default: "1,2,4,8" },
    s: { type: "string", default: "0,1000,4000" },
    rounds: { type: "string", default: "1" },
  },
});
const name = positionals[0];
const target = {
  modelPath: await ensureModel(embeddedDefault),
  corpus: process.env.LLOYAL_DOCS ?? llamaDocs(cacheRoot()),
};

/** A bench gives its figures, and the bars that they miss. */
const benches: Record<string, () => Promise<{ figures: object; missed: string[] }>> = {
  async answers() {
    const figures = await benchAnswers(target, values.arm);
    return { figures, missed: values.arm ? [] : missedByAnswers(figures) };
  },
  async drafts() {
    const figures = await benchDrafts(target);
    return { figures, missed: missedByDrafts(figures) };
  },
  async engine() {
    const figures = await benchEngine(target);
    return { figures, missed: missedByEngine(figures) };
  },
  async main() {
    const figures = await benchMain(target);
    return { figures, missed: missedByMain(figures) };
  },
  async tick() {
    const figures = await benchTick(target);
    return { figures, missed: missedByTick(figures) };
  },
  async tree() {
    const figures = await benchTree({
      modelPath: await ensureModel("smollm2-135m"),
      agents: numbers(values.n),
      spines: numbers(values.s),
      rounds: Number(values.rounds),
    });
    return { figures: { model: "smollm2-135m", ...figures }, missed: missedByTree(figures) };
  },
};
const bench = benches[name ?? ""];
if (!bench) {
  process.stderr.write(`usage: pnpm bench ${Object.keys(benches).join("|")} [--json] [--check] [--save]\n`);
  process.exit(2);
}
const { figures, missed } = await bench();

const record = {
  bench: name,
  command: `pnpm bench ${process.argv.slice(2).join(" ")}`,
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version },
  model: embeddedDefault,
  ...figures,
  missed,
};
if (values.save) {
  mkdirSync(new URL("./results/", import.meta.url), { recursive: true });
  writeFileSync(new URL(`./results/${name}.json`, import.meta.url), `${JSON.stringify(record, null, 2)}\n`);
}
process.stdout.write(values.json ? `${JSON.stringify(record, null, 2)}\n` : summary(record));
for (const bar of missed) process.stderr.write(`missed: ${bar}\n`);
if (values.check && missed.length > 0) process.exitCode = 1;

function numbers(list: string): number[] {
  return list.split(",").map(Number);
}

function summary(of: object): string {
  const brief = Object.entries(of).filter(([key]) => key !== "answers" && key !== "runs");
  return `${brief.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join("\n")}\n`;
}
