// The grammar of a schema and the check of arguments are two readings of one schema: what one lets a model write,
// the other must let pass.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkArguments } from "../chat/check-arguments.ts";
import type { JsonSchema } from "../chat/language.ts";
import { compileGbnf, type GbnfAcceptor } from "../testing/gbnf-acceptor.ts";
import { fixedJson } from "./fixed-json.ts";
import { jsonSchemaToGbnf } from "./json-schema-to-gbnf.ts";

interface Sample {
  schema: JsonSchema;
  /** A value that satisfies the schema. */
  value: unknown;
}

const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const name = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "toString", "a", "é", 'q"'),
  fc.string({ maxLength: 4 }),
);

const stringSample: fc.Arbitrary<Sample> = fc
  .tuple(fc.string({ unit: "binary", maxLength: 8 }), fc.nat(3), fc.nat(3), fc.boolean())
  .map(([value, below, above, isBounded]) => {
    const length = [...value].length;
    const bounds = isBounded ? { minLength: Math.max(0, length - below), maxLength: length + above } : {};
    return { schema: { type: "string", ...bounds }, value };
  });

const integerSample = fc
  .tuple(fc.integer(), fc.option(fc.nat(300)), fc.option(fc.nat(300)))
  .map(([value, below, above]): Sample => {
    const minimum = below === null ? undefined : value - below;
    const maximum = above === null ? undefined : value + above;
    return { schema: { type: "integer", minimum, maximum }, value };
  });

const numberSample = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.option(fc.nat(300)), fc.option(fc.nat(300)))
  .map(([thousandths, below, above]): Sample => {
    const value = thousandths / 1000;
    const minimum = below === null ? undefined : Math.floor(value) - below;
    const maximum = above === null ? undefined : Math.ceil(value) + above;
    return { schema: { type: "number", minimum, maximum }, value };
  });

const enumSample = fc
  .array(scalar, { minLength: 1, maxLength: 6 })
  .chain((values) => fc.constantFrom(...values).map((value): Sample => ({ schema: { enum: values }, value })));

const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { depthSize: "small" },
    stringSample,
    integerSample,
    numberSample,
    enumSample,
    fc.boolean().map((value): Sample => ({ schema: { type: "boolean" }, value })),
    fc.constant<Sample>({ schema: { type: "null" }, value: null }),
    fc.constantFrom<Sample>({ schema: {}, value: [1, { a: "b" }] }, { schema: { type: "object" }, value: { x: null } }),
    fc
      .tuple(tie("sample"), tie("sample"))
      .map(([a, b]): Sample => ({ schema: { anyOf: [a.schema, b.schema] }, value: b.value })),
    fc.tuple(tie("sample"), fc.nat(3), fc.nat(2), fc.nat(2)).map(([item, count, below, above]): Sample => {
      const bounds = { minItems: Math.max(0, count - below), maxItems: count + above };
      return { schema: { type: "array", items: item.schema, ...bounds }, value: Array(count).fill(item.value) };
    }),
    fc
      .uniqueArray(fc.record({ name, of: tie("sample"), isRequired: fc.boolean(), isThere: fc.boolean() }), {
        selector: (member) => member.name,
        minLength: 1,
        maxLength: 5,
      })
      .map((members): Sample => {
        const properties = Object.fromEntries(members.map((member) => [member.name, member.of.schema]));
        const required = members.filter(({ isRequired }) => isRequired).map((member) => member.name);
        const there = members.filter(({ isRequired, isThere }) => isRequired || isThere);
        const value = Object.fromEntries(there.map((member) => [member.name, member.of.value]));
        return { schema: { type: "object", properties, required, additionalProperties: false }, value };
      }),
  ),
}));

/** A text that the grammar accepts, one random legal character at a time; after a while, those that close things. */
function randomWalk(acceptor: GbnfAcceptor, draw: (below: number) => number): string {
  let state = acceptor.start();
  let text = "";
  for (let step = 0; step < 4000; step++) {
    if (acceptor.canEnd(state) && (step > 60 || draw(3) === 0)) return text;
    const ranges = acceptor.nextCodePoints(state);
    if (ranges.length === 0) return text;
    const closing = [...'"}]'].find((char) => acceptor.advance(state, char) !== undefined);
    const range = ranges[draw(ranges.length)]!;
    let codePoint = range.low + draw(range.high - range.low + 1);
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) codePoint = 0x41;
    const char = step > 60 && closing !== undefined ? closing : String.fromCodePoint(codePoint);
    text += char;
    state = acceptor.advance(state, char)!;
  }
  throw new Error(`no end in sight: ${text.slice(0, 200)}`);
}

describe("a schema's grammar and its check of arguments", { timeout: 60_000 }, () => {
  it("agree on every text that the grammar accepts: it is JSON and satisfies the schema", () =>
    fc.assert(
      fc.property(sample, fc.infiniteStream(fc.nat(0x7fffffff)), ({ schema }, stream) => {
        const acceptor = compileGbnf(jsonSchemaToGbnf(schema));
        for (let walk = 0; walk < 3; walk++) {
          const text = randomWalk(acceptor, (below) => stream.next().value % below);
          expect([text, checkArguments(schema, JSON.parse(text))]).toEqual([text, { ok: true }]);
        }
      }),
      { numRuns: 1000 },
    ));

  it("agree on every value that satisfies the schema: the grammar accepts its fixed spelling", () =>
    fc.assert(
      fc.property(sample, ({ schema, value }) => {
        expect(checkArguments(schema, value)).toEqual({ ok: true });
        const acceptor = compileGbnf(jsonSchemaToGbnf(schema));
        const text = fixedJson(value);
        const state = acceptor.advance(acceptor.start(), text);
        expect([text, state !== undefined && acceptor.canEnd(state)]).toEqual([text, true]);
      }),
      { numRuns: 1000 },
    ));

  it("agree on values made for another schema: what the check refuses, the grammar refuses", () =>
    fc.assert(
      fc.property(sample, sample, ({ schema }, { value }) => {
        if (checkArguments(schema, value).ok) return;
        const acceptor = compileGbnf(jsonSchemaToGbnf(schema));
        const state = acceptor.advance(acceptor.start(), fixedJson(value));
        expect(state !== undefined && acceptor.canEnd(state)).toBe(false);
      }),
      { numRuns: 1000 },
    ));
});

describe("the fixed spelling of JSON", () => {
  it("reads back as the same value, without raw control characters", () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = fixedJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect([...text].every((char) => char >= " " && char !== "\x7f")).toBe(true);
      }),
    ));
});
