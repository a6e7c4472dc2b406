import type { Vocabulary } from "../backend/vocabulary.ts";
import type { Language, Segment, ToolSchema } from "./language.ts";

/**
 * Turns of the ChatML family (Qwen, SmolLM2 and others) with the tool protocol that Qwen was trained on.
 *
 *     <|im_start|>system\n … <|im_end|>\n
 *     <|im_start|>user\n … <|im_end|>\n
 *     <|im_start|>assistant\n<tool_call>\n{"name": "…", "arguments": {…}}\n</tool_call><|im_end|>\n
 *     <|im_start|>user\n<tool_response>\n … \n</tool_response><|im_end|>\n
 *
 * Models without tool tokens are taught the same protocol, in plain text, by the system turn.
 */
export type Turns = Pick<Language, "system" | "user" | "toolResults" | "generationPrompt" | "turnClose">;

export function chatmlTurns(vocabulary: Vocabulary): Turns {
  const literals = new Set(vocabulary.structural.map(({ text }) => text));
  const resultMarkersAreTokens = literals.has("<tool_response>") && literals.has("</tool_response>");

  return {
    system: systemTurn,
    user: (text) => [scaffold("<|im_start|>user\n"), user(text), scaffold("<|im_end|>\n")],
    toolResults: (results) => [
      scaffold("<|im_start|>user"),
      ...results.flatMap(({ text }): Segment[] => [
        scaffold("\n<tool_response>\n"),
        { text: resultMarkersAreTokens ? text : encodeIfItForges(text), origin: "tool" },
        scaffold("\n</tool_response>"),
      ]),
      scaffold("<|im_end|>\n"),
    ],
    generationPrompt: [scaffold("<|im_start|>assistant\n")],
    turnClose: [scaffold("<|im_end|>\n")],
  };
}

// A system turn that says nothing would cost tokens on every sequence, so there is none.
function systemTurn(text: string, tools: readonly ToolSchema[]): Segment[] {
  if (text === "" && tools.length === 0) return [];
  const open = scaffold("<|im_start|>system\n");
  const close = scaffold("<|im_end|>\n");
  if (tools.length === 0) return [open, user(text), close];
  return [
    open,
    ...(text === "" ? [] : [user(text), scaffold("\n\n")]),
    scaffold("# Tools\n\nYou can call these functions:\n<tools>"),
    ...tools.flatMap((tool) => [scaffold("\n"), user(toolLine(tool))]),
    scaffold(
      "\n</tools>\n\nTo call one, write a JSON object inside <tool_call></tool_call>:\n" +
        '<tool_call>\n{"name": <function-name>, "arguments": <arguments-object>}\n</tool_call>',
    ),
    close,
  ];
}

function toolLine({ name, description, parameters }: ToolSchema): string {
  const json = JSON.stringify({ name, description, parameters });
  return forges(json) ? withoutBrackets(json) : json;
}

/**
 * Where `<tool_response>` is ordinary text for a model (Qwen2.5, SmolLM2), a page that contains it could end its own
 * result and begin another one. Such a page is given as a JSON string whose escapes cannot spell a marker; all
 * others stay as they are, which is cheaper and easier to quote from. Nothing is left for a nonce to protect.
 */
function encodeIfItForges(text: string): string {
  return forges(text) ? withoutBrackets(JSON.stringify(text)) : text;
}

// Loose on purpose (`</ TOOL_response`, or with characters between that nobody sees): what a model would take for a
// marker counts, not what is equal to it. In JSON the white space between may be escaped.
const marker = /<(?:[\s/]|\\[nrt])*tool(?:s|_)/i;
const unseen = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

function forges(text: string): boolean {
  return marker.test(text.replace(unseen, ""));
}

// In JSON a bracket stands inside strings only, so the text means the same.
function withoutBrackets(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

function scaffold(text: string): Segment {
  return { text, origin: "scaffold" };
}

function user(text: string): Segment {
  return { text, origin: "user" };
}
