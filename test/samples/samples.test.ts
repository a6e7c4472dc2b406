import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandFaults } from "./commands.ts";
import { type Compiled, compileModules } from "./compile.ts";
import { extractSamples, missedLines, type Sample } from "./extract.ts";
import { givens } from "./givens.ts";
import { pending } from "./pending.ts";
import { runSample } from "./run.ts";
import { type Checked, renderTable } from "./table.ts";
import { readSpec, specFolder } from "./texts.ts";
import { wrapSample } from "./wrap.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const texts = readSpec();
const samples = texts.flatMap(({ file, text }) => extractSamples(file, text));

if (texts.length === 0) {
  const why = `the samples are not checked: no specification lies at ${specFolder}`;
  console.warn(why);
  it.skip(why);
}

describe.skipIf(texts.length === 0)("the samples of the specification", () => {
  let compiled: ReadonlyMap<string, Compiled>;
  const checked: Checked[] = [];

  beforeAll(() => {
    const code = samples.filter(({ language }) => language === "typescript");
    compiled = compileModules(
      new Map(code.map((sample) => [sample.key, wrapSample(sample.code, Object.keys(givens))])),
    );
  }, 120_000);

  afterAll(() => console.log(renderTable(checked)));

  for (const { file, text } of texts) {
    it(`are all found in ${file}`, () => {
      const found = samples.filter((sample) => sample.file === file);
      expect(found).not.toEqual([]);
      expect(missedLines(text, found)).toEqual([]);
    });
  }

  for (const sample of samples) {
    it(`${sample.file}:${sample.line} is ready`, { timeout: 60_000 }, async ({ skip }) => {
      const faults = await faultsOf(sample);
      checked.push({ sample, faults });
      const lacks = pending[sample.key];
      if (lacks === undefined) return expect(faults).toEqual([]);
      expect(faults, `${sample.key} is ready: take it off the list in pending.ts`).not.toEqual([]);
      skip(`pending: ${lacks}`);
    });
  }

  it("are those that the list of pending ones speaks of", () => {
    const keys = samples.map(({ key }) => key);
    expect(Object.keys(pending).filter((key) => !keys.includes(key))).toEqual([]);
  });

  async function faultsOf({ key, language, code }: Sample): Promise<readonly string[]> {
    if (language === "command") return commandFaults(code, root);
    const { js, faults } = compiled.get(key)!;
    if (faults.length > 0) return faults;
    return runSample(js, key).then(
      () => [],
      (error) => [`running it: ${error}`],
    );
  }
});
