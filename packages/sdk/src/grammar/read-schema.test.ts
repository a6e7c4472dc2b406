import { describe, expect, it } from "vitest";
import { readSchema } from "./read-schema.ts";

const refuses = (schema: unknown) =>
  expect(() => readSchema(schema)).toThrow(expect.objectContaining({ code: "GRAMMAR_INVALID" }));

function nested(depth: number): unknown {
  let schema: unknown = { type: "null" };
  for (let i = 0; i < depth; i++) schema = { type: "array", items: schema };
  return schema;
}

describe("reading a schema", () => {
  it.each([
    ["a keyword that is not known", { type: "string", pattern: "^(?<=x)*$" }],
    ["a reference", { $ref: "http://169.254.169.254/" }],
    ["a reference to itself", { $ref: "#", type: "object" }],
    ["a format", { type: "string", format: "date" }],
    ["oneOf", { oneOf: [{ type: "null" }] }],
    ["a keyword of another type", { type: "string", minimum: 1 }],
    ["a keyword beside anyOf", { anyOf: [{ type: "null" }], type: "null" }],
    ["a keyword beside enum", { enum: ["a"], minLength: 1 }],
    ["a keyword without a type", { properties: {} }],
    ["a type that is not known", { type: "date" }],
    ["a type of Object.prototype", { type: "toString" }],
    ["no types", { type: [] }],
    ["an empty enum", { enum: [] }],
    ["an object in an enum", { enum: [{}] }],
    ["an infinite constant", { const: Number("1e400") }],
    ["an enum value of another type", { type: "integer", enum: [1.5] }],
    ["an empty anyOf", { anyOf: [] }],
    ["a required property that is not there", { type: "object", required: ["a"] }],
    ["a required property of Object.prototype", { type: "object", properties: {}, required: ["toString"] }],
    ["a schema for additional properties", { type: "object", additionalProperties: { type: "null" } }],
    ["properties that are a list", { type: "object", properties: [] }],
    ["required that is no list", { type: "object", required: "a" }],
    ["an infinite bound", { type: "number", minimum: Number("1e400") }],
    ["bounds upside down", { type: "number", minimum: 2, maximum: 1 }],
    ["bounds without an integer between", { type: "integer", minimum: 1.2, maximum: 1.8 }],
    ["lengths upside down", { type: "string", minLength: 2, maxLength: 1 }],
    ["a negative length", { type: "string", minLength: -1 }],
    ["half an item", { type: "array", maxItems: 0.5 }],
    ["a length that is no number", { type: "string", maxLength: "5" }],
    ["true for a schema", true],
    ["null for a schema", null],
    ["a list for a schema", []],
    ["65 levels", nested(65)],
    ["100,000 levels", nested(100_000)],
    ["4,097 enum values", { enum: Array.from({ length: 4097 }, (_, i) => i) }],
    ["a million enum values", { enum: Array.from({ length: 1e6 }, (_, i) => i) }],
  ])("refuses %s", (_, schema) => refuses(schema));

  it("refuses a schema that contains itself, or grows without end by sharing", () => {
    const self: Record<string, unknown> = { type: "array" };
    self.items = self;
    refuses(self);
    let doubled: unknown = { type: "null" };
    for (let i = 0; i < 60; i++) doubled = { type: "object", properties: { a: doubled, b: doubled } };
    refuses(doubled);
  });

  it("says where it is wrong", () => {
    expect(() => readSchema({ type: "object", properties: { a: { type: "string", pattern: "x" } } })).toThrow(
      /\/properties\/a has the keyword "pattern"/,
    );
  });

  it("reads 64 levels, 4,096 entries, absent keywords and annotations", () => {
    expect(() => readSchema(nested(64))).not.toThrow();
    expect(() => readSchema({ enum: Array.from({ length: 4096 }, (_, i) => i) })).not.toThrow();
    expect(readSchema({ type: "string", minLength: undefined, description: "d" })).toEqual({
      kind: "string",
      minLength: 0,
      maxLength: Infinity,
    });
  });
});
