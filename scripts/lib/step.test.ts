import { expect, it } from "vitest";
import { createLine } from "./step.mjs";

function fakeStream(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, columns: 40, write: (text: string) => written.push(text) };
}

it("a step of less than a second shows nothing", () => {
  const stream = fakeStream(false);
  const line = createLine("llama.cpp", stream, 0);
  line.say("compiling");
  line.tick(900);
  line.end(950);
  expect(stream.written).toEqual([]);
});

it("away from a terminal a line comes at first, every ten seconds, and at the end", () => {
  const stream = fakeStream(false);
  const line = createLine("llama.cpp", stream, 0);
  line.say("compiling 1/245");
  line.tick(1_000);
  line.say("compiling 2/245");
  line.tick(5_000);
  line.say("compiling 120/245");
  line.tick(11_000);
  line.say("compiled");
  line.end(20_000);
  expect(stream.written).toEqual([
    "llama.cpp   compiling 1/245  1 s\n",
    "llama.cpp   compiling 120/245  11 s\n",
    "llama.cpp   compiled  20 s\n",
  ]);
});

it("on a terminal one line is updated in place and never wraps", () => {
  const stream = fakeStream(true);
  const line = createLine("llama.cpp", stream, 0);
  line.say("compiling a file with quite a long name indeed");
  line.tick(2_000);
  expect(stream.written[0]!.startsWith("\r\x1b[2K")).toBe(true);
  expect(stream.written[0]!.length - "\r\x1b[2K".length).toBeLessThan(stream.columns);
  expect(stream.written[0]).not.toContain("\n");
});
