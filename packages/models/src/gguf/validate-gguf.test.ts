import { truncate, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { badFiles } from "../../test/bad-files.ts";
import { failure } from "../../test/fixture.ts";
import { withGguf } from "../../test/with-gguf.ts";
import { ModelError } from "../errors.ts";
import { ggufMutant, type TinyModel, tinyArchitectures, tinyModel } from "../testing/index.ts";
import { quote } from "./refusal.ts";
import { generationRules, identityRules } from "./rules/architecture-rules.ts";
import { containerRules } from "./rules/container-rules.ts";
import { hyperparameterRules } from "./rules/hyperparameter-rules.ts";
import { rangeRules } from "./rules/range-rules.ts";
import { firstPartRules, laterPartRules, splitModelRules, suffixOfPart } from "./rules/split-rules.ts";
import { tensorRules } from "./rules/tensor-rules.ts";
import { tokenRules } from "./rules/token-rules.ts";
import { tokenizerRules } from "./rules/tokenizer-rules.ts";
import { validateGguf } from "./validate-gguf.ts";
import { writeGguf } from "./write-gguf.ts";

const mutants = Number(process.env.LLOYAL_RUNS ?? 200);

describe("a sound model", () => {
  it.each(tinyArchitectures)("of the family %s passes, with either tokenizer", async (architecture) => {
    for (const tokenizer of ["gpt2", "llama"] as const) {
      const model = await withGguf(writeGguf(tinyModel({ architecture, tokenizer })), validateGguf);
      expect(model.metadata.get("general.architecture")).toEqual({ type: "string", value: architecture });
    }
  });

  it("may have its queries, keys and values in one tensor", () => {
    const tiny = tinyModel();
    const parts = tiny.tensors.filter(({ name }) => /attn_[qkv]\.weight/.test(name));
    tiny.tensors = tiny.tensors.filter((tensor) => !parts.includes(tensor));
    for (const layer of [0, 1]) {
      tiny.tensors.push({
        name: `blk.${layer}.attn_qkv.weight`,
        dims: [64, 128],
        typeId: 0,
        data: new Uint8Array(32_768),
      });
    }
    return withGguf(writeGguf(tiny), validateGguf);
  });

  it("needs no weights where only its vocabulary is wanted, and may then be of any known family", async () => {
    const tiny = tinyModel();
    tiny.tensors = [];
    tiny.metadata.set("general.architecture", { type: "string", value: "t5" });
    await withGguf(writeGguf(tiny), async (path) => {
      await validateGguf(path, { vocabularyOnly: true });
      expect((await failure(validateGguf(path))).facts.rule).toBe("architectureIsDecoder");
    });
  });
});

describe("a file is refused, by rule and in one line, when", () => {
  it.each(badFiles)("$what ($rule)", ({ rule, bytes }) =>
    withGguf(bytes(), async (path) => {
      const error = await failure(validateGguf(path));
      expect(error.code).toBe("MODEL_INVALID");
      expect(error.facts).toMatchObject({ path, rule });
      expect(error.message).toMatch(/^MODEL_INVALID: \S+ cannot be used: .+, but must be .+\. [A-Z].+\.$/);
      expect(error.stack).not.toContain("    at ");
    }),
  );

  it("its header is larger than any model's", () => {
    const bytes = Buffer.from(
      writeGguf({ metadata: [["a", { type: "array", items: "u8", value: new Uint8Array(1) }]], tensors: [] }),
    );
    bytes.writeUInt32LE(130 * 2 ** 20, 24 + 8 + 1 + 4 + 4);
    return withGguf(bytes, async (path) => {
      await truncate(path, 2 ** 30);
      expect((await failure(validateGguf(path))).facts.rule).toBe("headerBytes");
    });
  });
});

/** By the rule that they break. */
const brokenParts: Record<string, (first: TinyModel, second: TinyModel) => void> = {
  splitCountIsNumber: (first) => first.metadata.set("split.count", { type: "u32", value: 2 }),
  splitBeginsWithThisFile: (first) => first.metadata.set("split.no", { type: "u16", value: 1 }),
  splitNameTellsTheParts: (first) => first.metadata.set("split.count", { type: "u16", value: 4 }),
  splitPartHasItsNumber: (_, second) => second.metadata.set("split.no", { type: "i32", value: 1 }),
  splitTensorsAreDistinct: (first, second) => (second.tensors[0]!.name = first.tensors[0]!.name),
  splitTensorsAreComplete: (_, second) => second.tensors.pop(),
  tensorsEndInTheFile: (_, second) => (second.tensors.at(-1)!.data = new Uint8Array(32)),
};

describe("a model in parts", () => {
  const name = (index: number) => `tiny${suffixOfPart(index, 2)}`;

  /** Writes the tiny model in two parts, changes them, and runs `body` on the first. */
  function withParts(change: (first: TinyModel, second: TinyModel) => void, body: (path: string) => Promise<unknown>) {
    const [first, second] = [tinyModel(), tinyModel()];
    second.metadata.clear();
    second.tensors = first.tensors.splice(10);
    for (const [index, { metadata }] of [first, second].entries()) {
      metadata.set("split.no", { type: "u16", value: index }).set("split.count", { type: "u16", value: 2 });
      metadata.set("split.tensors.count", { type: "i32", value: 20 });
    }
    change(first, second);
    return withGguf(
      writeGguf(first),
      async (path) => {
        await writeFile(path.replace(name(0), name(1)), writeGguf(second));
        await body(path);
      },
      name(0),
    );
  }

  it("passes when all of it is there", () =>
    withParts(
      () => {},
      async (path) => expect((await validateGguf(path)).tensors).toHaveLength(20),
    ));

  it.each(Object.entries(brokenParts))("is refused by %s", (rule, change) =>
    withParts(change, async (path) => {
      expect((await failure(validateGguf(path))).facts.rule).toBe(rule);
    }),
  );

  it("is refused with the name of the part that is missing", () => {
    const first = tinyModel();
    first.metadata.set("split.no", { type: "u16", value: 0 }).set("split.count", { type: "u16", value: 2 });
    return withGguf(
      writeGguf(first),
      async (path) => {
        const error = await failure(validateGguf(path));
        expect(error.facts.rule).toBe("splitPartsArePresent");
        expect(error.message).toContain(path.replace(name(0), name(1)));
      },
      name(0),
    );
  });
});

it("no rule of any table is without a file that breaks it", () => {
  const tables = [
    containerRules,
    identityRules,
    generationRules,
    tokenizerRules,
    tokenRules,
    rangeRules,
    hyperparameterRules,
    tensorRules,
    firstPartRules,
    laterPartRules,
    splitModelRules,
  ];
  const tested = new Set([...badFiles.map(({ rule }) => rule), ...Object.keys(brokenParts)]);
  const untested = tables.flatMap((rules) => Object.keys(rules)).filter((rule) => !tested.has(rule));
  expect(untested).toEqual([]);
});

it(`ends in a typed error or in nothing, for ${mutants} mutants`, async () => {
  const rules = new Set<unknown>();
  for (let seed = 0; seed < mutants; seed++) {
    const error = await withGguf(ggufMutant(seed).bytes, validateGguf).catch((reason: unknown) => reason);
    if (!(error instanceof Error)) continue;
    expect(error, `seed ${seed}: ${error.stack}`).toBeInstanceOf(ModelError);
    rules.add((error as ModelError).facts.rule);
  }
  expect(rules.size).toBeGreaterThan(Math.min(30, mutants / 10));
}, 600_000);

it("a name out of a file does not write to the terminal", () => {
  const tiny = tinyModel();
  tiny.tensors[0]!.name = tiny.tensors[1]!.name = "\u001b]0;title\u0007\u009b\u202e";
  return withGguf(writeGguf(tiny), async (path) => {
    const { message } = await failure(validateGguf(path));
    expect(message).toContain(String.raw`"\u001b]0;title\u0007\u009b\u202e"`);
  });
});

it("quotes text out of a file in one short, harmless line", () => {
  expect(quote("a\nb\u001b[2J")).toBe(String.raw`"a\nb\u001b[2J"`);
  expect(quote("x".repeat(1_000))).toHaveLength(63);
});
