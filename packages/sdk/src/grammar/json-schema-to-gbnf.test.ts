import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../chat/language.ts";
import { compileGbnf } from "../testing/gbnf-acceptor.ts";
import { fixedJson } from "./fixed-json.ts";
import { jsonSchemaToGbnf } from "./json-schema-to-gbnf.ts";

function accepted(schema: JsonSchema, texts: readonly string[]): string[] {
  const acceptor = compileGbnf(jsonSchemaToGbnf(schema));
  return texts.filter((text) => {
    const state = acceptor.advance(acceptor.start(), text);
    return state !== undefined && acceptor.canEnd(state);
  });
}

const object = (properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema => ({
  type: "object",
  properties,
  required,
});
const integer = { type: "integer" };

describe("the grammar of a schema", () => {
  it("is short and readable", () => {
    const schema = object(
      { query: { type: "string", maxLength: 80 }, limit: { type: "integer", minimum: 1, maximum: 20 } },
      ["query"],
    );
    expect(jsonSchemaToGbnf(schema)).toMatchInlineSnapshot(`
      "root ::= root-4
      root-0 ::= [^"\\\\\\x00-\\x1F\\x7F] | "\\\\" (["\\\\/bfnrt] | "u" ([0-9a-cA-CeEfF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))
      root-1 ::= "\\"" root-0{0,80} "\\""
      root-2 ::= [1-9] | "1" [0-9] | "2" "0"
      root-3 ::= ", \\"limit\\": " root-2
      root-4 ::= "{" "\\"query\\": " root-1 root-3? "}"
      "
    `);
  });

  it("keeps declared order, with commas only between members that are there", () => {
    const texts = [
      "{}",
      '{"a": 1}',
      '{"b": 1}',
      '{"c": 1}',
      '{"a": 1, "b": 1}',
      '{"a": 1, "c": 1}',
      '{"b": 1, "c": 1}',
      '{"a": 1, "b": 1, "c": 1}',
    ];
    const properties = { a: integer, b: integer, c: integer };
    expect(accepted(object(properties), texts)).toEqual(texts);
    const having = (...names: string[]) => texts.filter((text) => names.every((name) => text.includes(`"${name}"`)));
    for (const required of [["a"], ["b"], ["c"], ["a", "c"], ["a", "b", "c"]])
      expect(accepted(object(properties, required), texts)).toEqual(having(...required));
    expect(accepted(object(properties), ['{"b": 1, "a": 1}', '{, "b": 1}', '{"a": 1, }', '{"a": 1"b": 1}'])).toEqual(
      [],
    );
  });

  it("has one spelling", () => {
    const schema = object({ a: { type: "array", items: integer } }, ["a"]);
    expect(accepted(schema, ['{"a": [1, 2]}'])).toHaveLength(1);
    expect(
      accepted(schema, [
        '{"a":[1, 2]}',
        '{"a": [1,2]}',
        '{ "a": [1, 2] }',
        '{"a": [1, 2]}\n',
        '{"a": [01]}',
        '{"a": [-0]}',
      ]),
    ).toEqual([]);
  });

  it("counts the characters of a string as code points, escapes as one", () => {
    const schema = { type: "string", minLength: 2, maxLength: 3 };
    expect(accepted(schema, ['"ab"', '"😀😀"', '"\\n\\u00e9\\""', '"a\\\\b"'])).toHaveLength(4);
    expect(accepted(schema, ['"a"', '"abcd"', '"a\nb"', '"a\u007f"', '"ab', '"\\ud83d\\ude00"', '"\\x41"'])).toEqual(
      [],
    );
    expect(accepted({ type: "string", maxLength: 0 }, ['""', '"a"'])).toEqual(['""']);
  });

  it("counts the items of a list", () => {
    const lists = ["[]", "[1]", "[1, 2]", "[1, 2, 3]"];
    const bounded = (minItems?: number, maxItems?: number) =>
      accepted({ type: "array", items: integer, minItems, maxItems }, lists);
    expect(bounded()).toEqual(lists);
    expect(bounded(1)).toEqual(lists.slice(1));
    expect(bounded(2, 2)).toEqual(["[1, 2]"]);
    expect(bounded(0, 1)).toEqual(["[]", "[1]"]);
    expect(bounded(0, 0)).toEqual(["[]"]);
    expect(bounded(3)).toEqual(["[1, 2, 3]"]);
  });

  it("meets the bounds of numbers", () => {
    const numbers = ["-10", "-9.5", "-1", "-0.5", "0", "0.5", "1", "1.0", "1.5", "9", "10", "10.5"];
    const between = (type: string, minimum?: number, maximum?: number) => accepted({ type, minimum, maximum }, numbers);
    expect(between("integer")).toEqual(["-10", "-1", "0", "1", "9", "10"]);
    expect(between("integer", 0, 9)).toEqual(["0", "1", "9"]);
    expect(between("integer", -1.5, 1.5)).toEqual(["-1", "0", "1"]);
    expect(between("integer", undefined, -1)).toEqual(["-10", "-1"]);
    expect(between("number")).toEqual(numbers);
    expect(between("number", 0, 1)).toEqual(["0", "0.5", "1"]);
    expect(between("number", -1, 1)).toEqual(["-1", "-0.5", "0", "0.5", "1"]);
    expect(between("number", 1)).toEqual(["1", "1.0", "1.5", "9", "10", "10.5"]);
    expect(between("number", 10, 10)).toEqual(["10"]);
    expect(between("number", undefined, -1)).toEqual(["-10", "-9.5", "-1"]);
  });

  it("knows enums, constants, alternatives and several types", () => {
    expect(
      accepted({ enum: ["a", 1, null, true, 'q"\n'] }, ['"a"', "1", "null", "true", '"q\\"\\n"', "a", "2"]),
    ).toHaveLength(5);
    expect(accepted({ const: "x" }, ['"x"', '"y"'])).toEqual(['"x"']);
    expect(accepted({ anyOf: [{ type: "boolean" }, { type: "null" }] }, ["true", "false", "null", "0"])).toHaveLength(
      3,
    );
    expect(accepted({ type: ["string", "null"], maxLength: 1 }, ['"a"', "null", '"ab"'])).toEqual(['"a"', "null"]);
  });

  it("takes any JSON where the schema says nothing, and no other members where it says so", () => {
    const any = ["null", '{"a": [1, {}, []], "b": {"c": ""}}', "-1.5e-7", "[true, false]"];
    expect(accepted({}, any)).toEqual(any);
    expect(accepted({ type: "object" }, ["{}", '{"x": 1}'])).toEqual(["{}", '{"x": 1}']);
    expect(accepted({ type: "object", additionalProperties: false }, ["{}", '{"x": 1}'])).toEqual(["{}"]);
  });

  it("does not change with annotations", () => {
    const plain = object({ a: integer });
    const annotated = {
      ...object({ a: { ...integer, description: '"} ::= (', title: "t", default: 1, examples: [1] } }),
      $schema: "x",
    };
    expect(jsonSchemaToGbnf(annotated)).toBe(jsonSchemaToGbnf(plain));
  });

  it("takes names of Object.prototype and quotes as names", () => {
    const names = ["__proto__", "constructor", "toString", 'a"b', "é\n"];
    const schema = object(Object.fromEntries(names.map((name) => [name, integer])), names);
    const value = Object.fromEntries(names.map((name) => [name, 1]));
    expect(accepted(schema, [fixedJson(value)])).toHaveLength(1);
  });

  it("can be named, so that several stand behind one root", () => {
    const parts = [
      jsonSchemaToGbnf({ type: "string" }, { name: "first" }),
      jsonSchemaToGbnf({ type: "array", items: { type: "string" } }, { name: "second" }),
    ];
    const acceptor = compileGbnf(`root ::= first | second\n${parts.join("")}`);
    for (const text of ['"a"', '["a"]']) expect(acceptor.canEnd(acceptor.advance(acceptor.start(), text)!)).toBe(true);
    expect(() => jsonSchemaToGbnf({}, { name: "a b" })).toThrow(/INVALID_ARGUMENT/);
  });

  it.each<[string, JsonSchema]>([
    ["a length over 2,000", { type: "string", maxLength: 2001 }],
    ["a length of 2^53", { type: "string", maxLength: 2 ** 53 }],
    ["10^9 items", { type: "array", minItems: 1e9 }],
    [
      "lengths that add up to too much",
      object(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, { type: "string", maxLength: 1999 - i }]))),
    ],
    ["bounds between whole numbers", { type: "number", minimum: 0.5 }],
    ["bounds beyond 15 digits", { type: "integer", minimum: 1e15 }],
    ["a constant over the size of a grammar", { const: "x".repeat(2 << 20) }],
  ])("is refused for %s", (_, schema) => {
    expect(() => jsonSchemaToGbnf(schema)).toThrow(expect.objectContaining({ code: "GRAMMAR_INVALID" }));
  });

  it("stays linear with 4,000 optional properties, and can be followed", () => {
    const properties = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`p${i}`, { type: "boolean" }]));
    expect(jsonSchemaToGbnf(object(properties)).length).toBeLessThan(600_000);
    expect(accepted(object(properties), ['{"p1": true, "p3999": false}', "{}"])).toHaveLength(2);
  });
});
