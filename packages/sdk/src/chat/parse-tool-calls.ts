import { endOfJsonObject } from "./json-extent.ts";
import type { ToolCall, ToolCallParse } from "./tool-call.ts";

const open = "<tool_call>";
const close = "</tool_call>";

/**
 * Splits generated text into prose and tool calls.
 *
 *     Let me look. <tool_call>\n{"name": "search", "arguments": {"query": "x"}}\n</tool_call>
 *     └─ content                └─ one call; the closing tag may be missing once the JSON is complete
 *
 * Markers inside the JSON's own strings are text. What cannot be read as a call is kept in `malformed` with the
 * reason, up to its closing tag or the end, so that the calls after it still count.
 *
 * @remarks Never throws. Cost: O(text).
 */
export function parseToolCalls(text: string): ToolCallParse {
  const prose: string[] = [];
  const result: ToolCallParse = { content: "", toolCalls: [], malformed: [] };
  let position = 0;
  for (;;) {
    const start = text.indexOf(open, position);
    if (start === -1) break;
    prose.push(text.slice(position, start));
    const block = readBlock(text, start + open.length);
    position = block.end;
    if ("reason" in block) result.malformed.push({ text: text.slice(start, block.end), reason: block.reason });
    else result.toolCalls.push(block.call);
  }
  prose.push(text.slice(position));
  result.content = prose
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .join("\n");
  return result;
}

type Block = { end: number; call: ToolCall } | { end: number; reason: string };

function readBlock(text: string, bodyStart: number): Block {
  const jsonStart = skipSpace(text, bodyStart);
  if (jsonStart === text.length) return { end: text.length, reason: "the text ends where the call begins" };
  if (text[jsonStart] !== "{") return malformed(text, jsonStart, "the call is not a JSON object");

  const extent = endOfJsonObject(text, jsonStart);
  if (extent.kind === "truncated") return malformed(text, jsonStart, "the call's JSON is truncated");
  if (extent.kind === "invalid") return malformed(text, jsonStart, invalidAt(text, extent.at));

  const end = endOfBlock(text, skipSpace(text, extent.end));
  if (end === undefined) return malformed(text, extent.end, "text stands between the call's JSON and its closing tag");

  const call = readCall(text.slice(jsonStart, extent.end));
  return "reason" in call ? { end, reason: call.reason } : { end, call };
}

// A generation that was cut may lack the closing tag or a part of it; a model may go straight on to its next call.
function endOfBlock(text: string, afterJson: number): number | undefined {
  if (text.startsWith(close, afterJson)) return afterJson + close.length;
  if (text.startsWith(open, afterJson)) return afterJson;
  return close.startsWith(text.slice(afterJson, afterJson + close.length)) ? text.length : undefined;
}

function malformed(text: string, from: number, reason: string): Block {
  const closing = text.indexOf(close, from);
  return { end: closing === -1 ? text.length : closing + close.length, reason };
}

function invalidAt(text: string, at: number): string {
  return `the call's JSON is invalid at ${JSON.stringify(text.slice(at, at + 20))}`;
}

function readCall(json: string): ToolCall | { reason: string } {
  const call = parseObject(json);
  if (call === undefined) return { reason: "the call's JSON is invalid" };
  const name = ownValue(call, "name");
  if (typeof name !== "string" || name === "") return { reason: "the call has no name" };
  const args = readArguments(ownValue(call, "arguments"));
  return args === undefined ? { reason: "the call's arguments are not a JSON object" } : { name, args };
}

// Models leave out the arguments of a tool that has none, and some quote the object. What is missing or wrong inside
// is for checkArguments to say.
function readArguments(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined) return {};
  if (typeof value === "string") return parseObject(value);
  return isObject(value) ? value : undefined;
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function ownValue(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function skipSpace(text: string, from: number): number {
  let position = from;
  while (position < text.length && " \t\r\n".includes(text[position]!)) position++;
  return position;
}
