import type { GgufValue } from "../gguf/gguf-file.ts";

/** `gguf` names: byte pairs with the alphabet of GPT-2, or SentencePiece with tokens such as `<0x0A>`. */
export type TinyTokenizer = "gpt2" | "llama";

// As llama.cpp numbers them.
const tokenType = { unknown: 2, control: 3, userDefined: 4, byte: 6, normal: 1 };

interface Token {
  text: string;
  type: number;
}

const literals: readonly Token[] = [
  { text: "<|endoftext|>", type: tokenType.control },
  { text: "<|im_start|>", type: tokenType.control },
  { text: "<|im_end|>", type: tokenType.control },
  { text: "<tool_call>", type: tokenType.userDefined },
  { text: "</tool_call>", type: tokenType.userDefined },
  { text: "<tool_response>", type: tokenType.userDefined },
  { text: "</tool_response>", type: tokenType.userDefined },
  { text: "<unk>", type: tokenType.unknown },
];

const template = `{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

/** Tokens 0 to 255 are the bytes, the ChatML literals follow. */
export function tinyTokens(tokenizer: TinyTokenizer): readonly Token[] {
  const bytes = Array.from({ length: 256 }, (_, byte) =>
    tokenizer === "gpt2"
      ? { text: String.fromCodePoint(gpt2Letter(byte)), type: tokenType.normal }
      : { text: `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, type: tokenType.byte },
  );
  return [...bytes, ...literals];
}

export function tokenizerMetadata(tokenizer: TinyTokenizer): [key: string, value: GgufValue][] {
  const tokens = tinyTokens(tokenizer);
  const id = (text: string): GgufValue => ({ type: "u32", value: tokens.findIndex((token) => token.text === text) });
  const entries: Record<string, GgufValue> = {
    model: { type: "string", value: tokenizer },
    pre: { type: "string", value: tokenizer === "gpt2" ? "gpt-2" : "default" },
    tokens: { type: "array", items: "string", value: tokens.map(({ text }) => text) },
    token_type: { type: "array", items: "i32", value: Int32Array.from(tokens, ({ type }) => type) },
    ...(tokenizer === "gpt2"
      ? { merges: { type: "array", items: "string", value: ["t h", "th e"] } }
      : { scores: { type: "array", items: "f32", value: new Float32Array(tokens.length) } }),
    bos_token_id: id("<|endoftext|>"),
    eos_token_id: id("<|im_end|>"),
    unknown_token_id: id("<unk>"),
    add_bos_token: { type: "bool", value: false },
  };
  return [
    ...Object.entries(entries).map(([name, value]): [string, GgufValue] => [`tokenizer.ggml.${name}`, value]),
    ["tokenizer.chat_template", { type: "string", value: template }],
  ];
}

// Printable characters stand for themselves, the others for letters from U+0100 on, in order.
function gpt2Letter(byte: number): number {
  const isPrintable = (code: number) => (code > 32 && code < 127) || (code > 160 && code !== 173);
  if (isPrintable(byte)) return byte;
  return 256 + Array.from({ length: byte }, (_, code) => code).filter((code) => !isPrintable(code)).length;
}
