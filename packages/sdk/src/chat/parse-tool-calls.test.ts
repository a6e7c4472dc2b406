import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseToolCalls } from "./parse-tool-calls.ts";

const call = (json: string) => `<tool_call>\n${json}\n</tool_call>`;
const search = call('{"name": "search", "arguments": {"query": "x"}}');
const parsed = { name: "search", args: { query: "x" } };

describe("generated text", () => {
  it("without a call is prose, trimmed", () => {
    expect(parseToolCalls(" The answer is 4.\n")).toEqual({
      content: "The answer is 4.",
      toolCalls: [],
      malformed: [],
    });
  });

  it("keeps the prose around its calls, and their order", () => {
    const read = call('{"name": "read", "arguments": {}}');
    expect(parseToolCalls(`First.\n${search}\n${read}\nLast.`)).toEqual({
      content: "First.\nLast.",
      toolCalls: [parsed, { name: "read", args: {} }],
      malformed: [],
    });
  });

  it.each([
    ["the closing tag is missing", search.replace("</tool_call>", "")],
    ["the closing tag is cut", search.slice(0, -4)],
    ["the next call follows at once", search.replace("</tool_call>", search)],
  ])("is a call when %s but the JSON is complete", (_, text) => {
    const { toolCalls, malformed, content } = parseToolCalls(text);
    expect(toolCalls[0]).toEqual(parsed);
    expect([malformed, content]).toEqual([[], ""]);
  });

  it("may give the arguments as a JSON string, or leave them out", () => {
    expect(parseToolCalls(call('{"name": "search", "arguments": "{\\"query\\": \\"x\\"}"}')).toolCalls).toEqual([
      parsed,
    ]);
    expect(parseToolCalls(call('{"name": "now"}')).toolCalls).toEqual([{ name: "now", args: {} }]);
  });

  it("reads nested braces and markers inside strings as text", () => {
    const args = { a: { b: [{ c: "}{" }] }, result: 'say <tool_call>\n{"x"}</tool_call> \\"' };
    expect(parseToolCalls(call(JSON.stringify({ name: "report", arguments: args }))).toolCalls).toEqual([
      { name: "report", args },
    ]);
  });

  it.each([
    ["truncated", '<tool_call>\n{"name": "search", "argum', /truncated/],
    ["cut at the marker", "<tool_call>", /ends where/],
    ["no object", call("search(x)"), /not a JSON object/],
    ["invalid outside a string", call('{"name": search}'), /invalid at "ch}/],
    ["invalid to JSON.parse", call('{"name": "x",}'), /invalid/],
    ["without a name", call('{"arguments": {}}'), /no name/],
    ["with a list for arguments", call('{"name": "x", "arguments": [1]}'), /not a JSON object/],
    ["with a string for arguments that is no JSON", call('{"name": "x", "arguments": "y"}'), /not a JSON object/],
    ["followed by text in its tags", call('{"name": "x", "arguments": {}} and so on'), /between/],
  ])("has a malformed call when it is %s", (_, text, reason) => {
    const { toolCalls, malformed, content } = parseToolCalls(`Before. ${text}`);
    expect(toolCalls).toEqual([]);
    expect(malformed).toEqual([{ text, reason: expect.stringMatching(reason) }]);
    expect(content).toBe("Before.");
  });

  it("still counts the calls after a malformed one", () => {
    const { toolCalls, malformed } = parseToolCalls(
      `${call('{"name": "a", "arguments": {"q": "unclosed}}')}\n${search}`,
    );
    expect(malformed).toHaveLength(1);
    expect(toolCalls).toEqual([parsed]);
  });

  it("takes names of Object.prototype as nothing special", () => {
    const [given] = parseToolCalls(
      call('{"name": "x", "arguments": {"__proto__": {"a": 1}, "constructor": 2}}'),
    ).toolCalls;
    expect(Object.keys(given!.args)).toEqual(["__proto__", "constructor"]);
    expect(parseToolCalls(call('{"__proto__": {"name": "x"}}')).malformed).toHaveLength(1);
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it("gives back every call that was written in the protocol", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ name: fc.string({ minLength: 1 }), arguments: fc.dictionary(fc.string(), fc.jsonValue()) }),
        ),
        (calls) => {
          const { toolCalls, malformed } = parseToolCalls(calls.map((one) => call(JSON.stringify(one))).join("\n"));
          expect(malformed).toEqual([]);
          const roundTrip = calls.map((one) => JSON.parse(JSON.stringify(one)));
          expect(toolCalls).toEqual(roundTrip.map((one) => ({ name: one.name, args: one.arguments })));
        },
      ),
    ));

  it("never throws, and accounts for everything after a marker", () => {
    const part = fc.constantFrom(
      "<tool_call>",
      "</tool_call>",
      "{",
      "}",
      '"',
      "\\",
      '"name"',
      ": ",
      "x",
      "\n",
      "[",
      "1",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        const { content, toolCalls, malformed } = parseToolCalls(text);
        if (!text.includes("<tool_call>")) expect([content, toolCalls, malformed]).toEqual([text.trim(), [], []]);
        else expect(toolCalls.length + malformed.length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });
});
