import fc from "fast-check";
import { expect, it } from "vitest";
import { splitUtf8 } from "./simulated-utf8.ts";

function streamed(parts: readonly (readonly number[])[]): string {
  let [text, rest]: [string, readonly number[]] = ["", []];
  for (const part of parts) {
    const split = splitUtf8(rest, part);
    text += split.text;
    rest = split.rest;
  }
  return text;
}

it("gives a text back however its bytes are cut", () =>
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat(40)), (text, cuts) => {
      const bytes = [...new TextEncoder().encode(text)];
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const parts = at.slice(1).map((end, i) => bytes.slice(at[i], end));
      expect(streamed(parts)).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes)));
    }),
  ));

it("keeps a byte order mark and a replacement character that were written", () => {
  expect(splitUtf8([], [0xef, 0xbb, 0xbf])).toEqual({ text: "\uFEFF", rest: [] });
  expect(splitUtf8([], [0xef, 0xbf, 0xbd, 0xf0, 0x9f])).toEqual({ text: "\uFFFD", rest: [0xf0, 0x9f] });
});

it("writes U+FFFD for bytes that no code point begins with, and goes on", () => {
  expect(splitUtf8([], [0xe2, 0x82, 0x61])).toEqual({ text: "\uFFFDa", rest: [] });
  expect(splitUtf8([], [0x80, 0xff, 0xc3])).toEqual({ text: "\uFFFD\uFFFD", rest: [0xc3] });
});
