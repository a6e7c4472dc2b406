import { describeValue, type GgufModel, texts, typed } from "../gguf-model.ts";
import { quote, type Refusal } from "../refusal.ts";
import type { Rules } from "./rule.ts";
import { isSentencePiece } from "./tokenizer-rules.ts";

const tokensKey = "tokenizer.ggml.tokens";
const scoresKey = "tokenizer.ggml.scores";
const typesKey = "tokenizer.ggml.token_type";

// Those that begin and end what is written. llama.cpp passes over the others where there is no such token.
const turnTokens = ["bos", "eos", "eot", "eom"];

const hiddenTypes = [2, 3]; // unknown and control
const userDefinedType = 4;
const byteType = 6;
const typesMax = 6;

/** Whether the tables of tokens agree with each other. The tokenizer is known when these are asked. */
export const tokenRules: Rules<GgufModel> = {
  tokensAreTexts({ metadata }) {
    if ((texts(metadata, tokensKey)?.length ?? 0) > 0) return undefined;
    return { what: tokensKey, found: describeValue(metadata, tokensKey), allowed: "an array of at least one text" };
  },

  tokensAreDistinct(model) {
    const tokens = tokensOf(model).map(textAsRead);
    if (new Set(tokens).size === tokens.length) return undefined;
    const seen = new Set<string>();
    const token = tokens.findIndex((text) => seen.size === seen.add(text).size);
    const found = `${quote(tokens[token]!)}, as is token ${tokens.indexOf(tokens[token]!)}`;
    return { what: `token ${token}`, found, allowed: "a text of its own" };
  },

  turnTokensExist(model) {
    const count = tokensOf(model).length;
    for (const name of turnTokens) {
      const what = `tokenizer.ggml.${name}_token_id`;
      const token = typed(model.metadata, what, "u32");
      if (!model.metadata.has(what) || (token !== undefined && token < count)) continue;
      return { what, found: token ?? describeValue(model.metadata, what), allowed: `in [0, ${count - 1}], as u32` };
    }
    return undefined;
  },

  scoresFitTokens: (model) => lengthRefusal(model, scoresKey, ["f32", "i32"]),

  scoresAreFinite({ metadata }) {
    const scores = metadata.get(scoresKey);
    const values = scores?.type === "array" ? (scores.value as Float32Array) : new Float32Array();
    const odd = values.findIndex((score) => !Number.isFinite(score));
    return odd < 0 ? undefined : { what: `the score of token ${odd}`, found: values[odd]!, allowed: "finite" };
  },

  tokenTypesFitTokens: (model) => lengthRefusal(model, typesKey, ["i32"]),

  tokenTypesAreKnown(model) {
    const types = typesOf(model);
    const odd = types.findIndex((type) => type < 0 || type > typesMax);
    if (odd < 0) return undefined;
    return { what: `the type of token ${odd}`, found: types[odd]!, allowed: `in [0, ${typesMax}]` };
  },

  // What stands between the brackets is read with no look at what it is.
  byteTokensNameBytes(model) {
    const tokens = tokensOf(model);
    const odd = typesOf(model).findIndex((type, token) => type === byteType && !isByteName(tokens[token]!));
    if (odd < 0) return undefined;
    return { what: `token ${odd}, a byte,`, found: quote(tokens[odd]!), allowed: "one of <0x00> to <0xFF>" };
  },

  // SentencePiece writes what it has no token for as bytes, and throws where it has no token for the byte either.
  everyByteHasToken(model) {
    if (!isSentencePiece(model)) return undefined;
    const tokens = new Set(tokensOf(model));
    const hasToken = (byte: number) =>
      tokens.has(byteName(byte)) || (byte < 128 && tokens.has(String.fromCharCode(byte)));
    const missing = Array.from({ length: 256 }, (_, byte) => byte).find((byte) => !hasToken(byte));
    if (missing === undefined) return undefined;
    return { what: `token ${byteName(missing)}`, found: "missing", allowed: "there, so that every text can be read" };
  },

  // Content is cut inside each structural literal, so that it cannot become one; a single byte cannot be cut. Letters
  // beyond ASCII may be user-defined: some vocabularies put them in the places of bytes that no text contains.
  bytesStructureNothing(model) {
    const tokens = tokensOf(model);
    const odd = typesOf(model).findIndex((type, token) => {
      const text = tokens[token]!;
      return (type === userDefinedType && /^[!-~]$/.test(text)) || (hiddenTypes.includes(type) && isByte(text));
    });
    if (odd < 0) return undefined;
    const what = `token ${odd}, ${quote(tokens[odd]!)},`;
    return { what, found: "a control token", allowed: "ordinary text, as any page may contain it" };
  },
};

function tokensOf({ metadata }: GgufModel): readonly string[] {
  return texts(metadata, tokensKey)!;
}

function typesOf({ metadata }: GgufModel): Int32Array {
  const types = metadata.get(typesKey);
  return types?.type === "array" ? (types.value as Int32Array) : new Int32Array();
}

function lengthRefusal(model: GgufModel, what: string, items: readonly string[]): Refusal | undefined {
  const found = model.metadata.get(what);
  const count = tokensOf(model).length;
  const fits = found?.type === "array" && items.includes(found.items) && found.value.length === count;
  if (!found || fits) return undefined;
  const allowed = `an array of ${count} ${items.join(" or ")}, one for each token`;
  return { what, found: describeValue(model.metadata, what), allowed };
}

/** As llama.cpp takes it: up to a zero byte, and renamed where it is empty. */
function textAsRead(text: string, token: number): string {
  const end = text.indexOf("\0");
  return (end < 0 ? text : text.slice(0, end)) || `[EMPTY_${token}]`;
}

function byteName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

function isByteName(text: string): boolean {
  return /^<0x[0-9a-f]{2}>$/i.test(text);
}

/** What stands for one byte: its name, or its letter in the alphabet of GPT-2. */
function isByte(text: string): boolean {
  return isByteName(text) || /^\S$/.test(text);
}
