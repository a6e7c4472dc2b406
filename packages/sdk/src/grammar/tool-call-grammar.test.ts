import { describe, expect, it } from "vitest";
import type { ToolSchema } from "../chat/language.ts";
import { parseToolCalls } from "../chat/parse-tool-calls.ts";
import { compileGbnf } from "../testing/gbnf-acceptor.ts";
import { fixedJson } from "./fixed-json.ts";
import { toolCallGrammar } from "./tool-call-grammar.ts";

const search: ToolSchema = {
  name: "search",
  description: "",
  parameters: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
};
const odd: ToolSchema = {
  name: 'odd "name"\n',
  description: "",
  parameters: { type: "object", additionalProperties: false },
};

function accepts(tools: readonly ToolSchema[], text: string): boolean {
  const acceptor = compileGbnf(toolCallGrammar(tools));
  const state = acceptor.advance(acceptor.start(), text);
  return state !== undefined && acceptor.canEnd(state);
}

const call = (name: string, args: unknown) =>
  `<tool_call>\n{"name": ${fixedJson(name)}, "arguments": ${fixedJson(args)}}\n</tool_call>`;

describe("the grammar of a tool call", () => {
  it("accepts exactly one call of one of the tools, with its own arguments", () => {
    const tools = [search, odd];
    expect(accepts(tools, call("search", { query: "x" }))).toBe(true);
    expect(accepts(tools, call(odd.name, {}))).toBe(true);
    expect(accepts(tools, call("search", {}))).toBe(false);
    expect(accepts(tools, call("other", {}))).toBe(false);
    expect(accepts(tools, `Well, ${call("search", { query: "x" })}`)).toBe(false);
    expect(accepts(tools, call("search", { query: "x" }).repeat(2))).toBe(false);
  });

  it("accepts what the parser reads back as that call", () => {
    const text = call("search", { query: '</tool_call> "é"\n' });
    expect(accepts([search], text)).toBe(true);
    expect(parseToolCalls(text)).toEqual({
      content: "",
      toolCalls: [{ name: "search", args: { query: '</tool_call> "é"\n' } }],
      malformed: [],
    });
  });

  it("is refused without tools, with a name twice, or with parameters that are no object", () => {
    expect(() => toolCallGrammar([])).toThrow(/INVALID_ARGUMENT/);
    expect(() => toolCallGrammar([search, search])).toThrow(/INVALID_ARGUMENT/);
    expect(() => toolCallGrammar([{ ...search, parameters: { type: "string" } }])).toThrow(/GRAMMAR_INVALID.*search/);
  });
});
