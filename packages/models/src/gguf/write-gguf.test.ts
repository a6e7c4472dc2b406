import { describe, expect, it } from "vitest";
import { tinyModel } from "../testing/index.ts";
import { writeGguf } from "./write-gguf.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("a written file", () => {
  it("is laid out as the format says", () => {
    const bytes = writeGguf({
      metadata: [
        ["a", { type: "u16", value: 258 }],
        ["b", { type: "array", items: "string", value: ["x"] }],
      ],
      tensors: [{ name: "t", dims: [2, 3], typeId: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) }],
    });
    const header = [
      "47475546 03000000", // GGUF, version 3
      "0100000000000000 0200000000000000", // one tensor, two keys
      "0100000000000000 61 02000000 0201", // a: u16
      "0100000000000000 62 09000000 08000000 0100000000000000 0100000000000000 78", // b: array of texts
      "0100000000000000 74 02000000 0200000000000000 0300000000000000 01000000 0000000000000000", // t: 2 x 3, F16, at 0
    ].join("");
    const expected = header.replaceAll(" ", "").padEnd(128 * 2, "0") + "0102030405060708090a0b0c".padEnd(64, "0");
    expect(hex(bytes)).toBe(expected);
  });

  it("begins its data, and each tensor, at a multiple of the alignment it names", () => {
    const tensors = ["a", "b"].map((name) => ({ name, dims: [1], typeId: 0, data: new Uint8Array(4).fill(7) }));
    const bytes = writeGguf({ metadata: [["general.alignment", { type: "u32", value: 256 }]], tensors });
    expect([...bytes.keys()].filter((at) => bytes[at] === 7 && at % 256 === 0)).toEqual([256, 512]);
    expect(bytes.length).toBe(768);
  });
});

describe("the tiny model", () => {
  it("is the same for one seed, and another for another", () => {
    expect(hex(writeGguf(tinyModel({ seed: 3 })))).toBe(hex(writeGguf(tinyModel({ seed: 3 }))));
    expect(hex(writeGguf(tinyModel({ seed: 3 })))).not.toBe(hex(writeGguf(tinyModel({ seed: 4 }))));
  });

  it("is tiny", () => {
    expect(writeGguf(tinyModel()).length).toBeLessThan(300_000);
  });
});
