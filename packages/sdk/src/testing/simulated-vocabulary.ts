import type { Token } from "../backend/ids.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";

/** Attributes of a structural token, as a model file gives them. */
export interface StructuralLiteral {
  text: string;
  /** A user-defined token is matched in every text, even without `parseSpecial`; a control token is not. */
  attribute: "control" | "user-defined";
  isStop?: boolean;
  /** Never to be drawn. */
  isSuppressed?: boolean;
}

/** ChatML with Qwen's tools: the structural tokens of the simulated model. */
export const chatmlLiterals: readonly StructuralLiteral[] = [
  { text: "<|endoftext|>", attribute: "control", isStop: true },
  { text: "<|im_start|>", attribute: "control" },
  { text: "<|im_end|>", attribute: "control", isStop: true },
  { text: "<tool_call>", attribute: "user-defined" },
  { text: "</tool_call>", attribute: "user-defined" },
  { text: "<tool_response>", attribute: "user-defined" },
  { text: "</tool_response>", attribute: "user-defined" },
];

/**
 * A vocabulary without a model: tokens 0 to 255 are bytes, those after them are the structural literals in order.
 * Without BOS. It is as trusting as llama.cpp: a user-defined literal in content becomes its token unless the
 * caller cuts it.
 */
export function createSimulatedVocabulary(literals: readonly StructuralLiteral[] = chatmlLiterals): Vocabulary {
  const encoder = new TextEncoder();
  const tokenOf = new Map(literals.map(({ text }, index) => [text, 256 + index]));
  const stops = new Set(literals.filter(({ isStop }) => isStop).map(({ text }) => tokenOf.get(text)!));
  const matchAll = matcher(literals);
  const matchUserDefined = matcher(literals.filter(({ attribute }) => attribute === "user-defined"));
  const nothing = new Uint8Array();
  const bytesOf = [
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    ...literals.map(({ text }) => encoder.encode(text)),
  ];

  return {
    size: 256 + literals.length,
    bos: undefined,
    structural: literals.map(({ text }) => ({ token: tokenOf.get(text)!, text })),
    tokenize(text, parseSpecial) {
      const tokens: Token[] = [];
      // A tokenizer reads UTF-8, where a lone surrogate is U+FFFD before any literal is looked for.
      const parts = text.replace(/\p{Surrogate}/gu, "\uFFFD").split(parseSpecial ? matchAll : matchUserDefined);
      for (const [index, part] of parts.entries()) {
        const isLiteral = index % 2 === 1;
        if (isLiteral) tokens.push(tokenOf.get(part)!);
        else for (const byte of encoder.encode(part)) tokens.push(byte);
      }
      return tokens;
    },
    bytes: (token, special) => (token < 256 || special ? (bytesOf[token] ?? nothing) : nothing),
    isStop: (token) => stops.has(token),
    suppressed: literals.filter(({ isSuppressed }) => isSuppressed).map(({ text }) => tokenOf.get(text)!),
    chatTemplate: undefined,
  };
}

// Longest first, as llama.cpp does. The group makes split() keep the literals, at odd places.
function matcher(literals: readonly StructuralLiteral[]): RegExp {
  const byLength = literals.map(({ text }) => text).sort((a, b) => b.length - a.length);
  const escaped = byLength.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  return new RegExp(`(${escaped.length === 0 ? "(?!)" : escaped.join("|")})`);
}
