import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkArguments } from "./check-arguments.ts";
import type { JsonSchema } from "./language.ts";

const problems = (schema: JsonSchema, args: unknown) => {
  const check = checkArguments(schema, args);
  return check.ok ? [] : check.problems;
};

describe("checking arguments", () => {
  it.each<[JsonSchema, unknown, string]>([
    [{ type: "object" }, [], "arguments must be an object."],
    [{ type: "object", properties: { a: {} }, required: ["a"] }, {}, "arguments.a is missing."],
    [{ type: "object", properties: { a: { type: "string" } } }, { a: 1 }, "arguments.a must be a string."],
    [{ type: "object", additionalProperties: false }, { b: 1 }, "arguments.b is not known."],
    [{ type: "string", minLength: 2 }, "😀", "arguments must have at least 2 characters."],
    [{ type: "string", maxLength: 2 }, "abc", "arguments must have at most 2 characters."],
    [{ type: "integer" }, 1.5, "arguments must be an integer."],
    [{ type: "number" }, "1", "arguments must be a number."],
    [{ type: "number" }, Number.NaN, "arguments must be a number."],
    [{ type: "number", minimum: 0.5 }, 0.4, "arguments must be at least 0.5."],
    [{ type: "number", maximum: 1 }, 2, "arguments must be at most 1."],
    [{ type: "array", items: { type: "null" } }, [null, 1], "arguments[1] must be null."],
    [{ type: "array", minItems: 1 }, [], "arguments must have at least 1 items."],
    [{ type: "array", maxItems: 1 }, [1, 2], "arguments must have at most 1 items."],
    [{ type: "boolean" }, 0, "arguments must be true or false."],
    [{ enum: ["a", 1] }, "1", 'arguments must be one of "a", 1.'],
    [{ const: null }, undefined, "arguments must be null."],
    [{ anyOf: [{ type: "null" }, { type: "string" }] }, 1, "arguments fits none of its 2 alternatives."],
  ])("by %j refuses %j in words", (schema, args, problem) => {
    expect(problems(schema, args)).toEqual([problem]);
  });

  it("lets other members pass unless they are excluded", () => {
    expect(problems({ type: "object", properties: { a: {} } }, { b: 1 })).toEqual([]);
  });

  it("does not take an inherited member for one that is there, nor a member for a prototype", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const schema = { type: "object", properties: Object.fromEntries([[name, { type: "string" }]]), required: [name] };
      expect(problems(schema, {})).toEqual([`arguments.${name} is missing.`]);
      expect(problems(schema, JSON.parse(`{"${name}": "x"}`))).toEqual([]);
    }
    expect(problems({ type: "object", additionalProperties: false }, JSON.parse('{"__proto__": {"a": 1}}'))).toEqual([
      "arguments.__proto__ is not known.",
    ]);
  });

  it("names the first eight problems", () => {
    expect(problems({ type: "array", items: { type: "null" } }, Array(1000).fill(1))).toHaveLength(8);
  });

  it("never throws for arguments, whatever they are", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: { a: { type: "array", items: { anyOf: [{ type: "string" }, { type: "object" }] } } },
    };
    fc.assert(fc.property(fc.anything(), (args) => typeof checkArguments(schema, args).ok === "boolean"));
  });

  it("takes arguments of any depth where the schema says nothing about them", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    expect(problems({ type: "object", properties: { a: {} } }, { a: deep })).toEqual([]);
  });

  it("refuses a schema that it does not understand, rather than arguments", () => {
    expect(() => checkArguments({ type: "string", pattern: "x" }, "x")).toThrow(/GRAMMAR_INVALID/);
  });
});
