import { truncate } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { failure } from "../../test/fixture.ts";
import { withGguf } from "../../test/with-gguf.ts";
import { tinyModel } from "../testing/index.ts";
import type { GgufValue } from "./gguf-file.ts";
import { readGguf } from "./read-gguf.ts";
import { writeGguf } from "./write-gguf.ts";

const every: [string, GgufValue][] = [
  ["u8", { type: "u8", value: 255 }],
  ["i8", { type: "i8", value: -128 }],
  ["u16", { type: "u16", value: 65_535 }],
  ["i16", { type: "i16", value: -32_768 }],
  ["u32", { type: "u32", value: 2 ** 32 - 1 }],
  ["i32", { type: "i32", value: -(2 ** 31) }],
  ["f32", { type: "f32", value: 0.5 }],
  ["f64", { type: "f64", value: Math.PI }],
  ["u64", { type: "u64", value: 2n ** 64n - 1n }],
  ["i64", { type: "i64", value: -(2n ** 63n) }],
  ["bool", { type: "bool", value: true }],
  ["text", { type: "string", value: "künstlich 🦙 \0 \ufffd" }],
  ["no text", { type: "string", value: "" }],
  ["texts", { type: "array", items: "string", value: ["", "a", "🦙"] }],
  ["numbers", { type: "array", items: "i16", value: Int16Array.of(-1, 2, 3) }],
  ["large numbers", { type: "array", items: "u64", value: BigUint64Array.of(2n ** 60n) }],
  ["bools", { type: "array", items: "bool", value: Uint8Array.of(0, 1) }],
  ["nothing", { type: "array", items: "f32", value: new Float32Array() }],
];

const tensors = [
  { name: "a", dims: [3], typeId: 0, data: new Uint8Array(12) },
  { name: "b", dims: [32, 2], typeId: 8, data: new Uint8Array(68) },
];

describe("reading what was written", () => {
  it.each([2, 3])("gives back values of every type, and where the tensors are, in version %i", (version) =>
    withGguf(writeGguf({ version, metadata: every, tensors }), async (path) => {
      const file = await readGguf(path);
      expect(file.version).toBe(version);
      expect([...file.metadata]).toEqual(every);
      expect(file.tensors).toEqual([
        { name: "a", dims: [3], typeId: 0, offset: 0 },
        { name: "b", dims: [32, 2], typeId: 8, offset: 32 },
      ]);
    }),
  );

  it("is the same wherever the chunks end", async () => {
    // A chunk is 1 MiB. Texts of 12 bytes with their lengths lie across its end at every phase.
    for (let before = 0; before < 20; before++) {
      const filler = "x".repeat(2 ** 20 - 120 + before);
      const value = Array.from({ length: 40 }, (_, index) => `text ${index} 🦙`.slice(0, 12));
      const metadata: [string, GgufValue][] = [
        ["filler", { type: "string", value: filler }],
        ["texts", { type: "array", items: "string", value }],
        ["last", { type: "u32", value: before }],
      ];
      await withGguf(writeGguf({ metadata, tensors }), async (path) => {
        expect([...(await readGguf(path)).metadata]).toEqual(metadata);
      });
    }
  });

  it("never reads the tensors' data", () =>
    withGguf(writeGguf(tinyModel()), async (path) => {
      const before = await readGguf(path);
      await truncate(path, 2 ** 36); // 64 GiB without a byte on the disk
      const { tensors, sizeBytes } = await readGguf(path);
      expect(tensors).toEqual(before.tensors);
      expect(sizeBytes).toBe(2 ** 36);
    }));
});

describe("a header that cannot be read", () => {
  it("is refused wherever the file was cut", async () => {
    const bytes = writeGguf({ metadata: every, tensors });
    const { headerBytes } = await withGguf(bytes, readGguf);
    for (let length = 0; length < headerBytes; length++) {
      const error = await withGguf(bytes.slice(0, length), (path) => failure(readGguf(path)));
      expect(error.code, `cut after ${length} bytes`).toBe("MODEL_INVALID");
    }
  });

  it("is told by rule, place, what was found and what is allowed, without a stack", () =>
    withGguf(Buffer.from("GGUF\x01\0\0\0"), async (path) => {
      const error = await failure(readGguf(path));
      expect(error.facts).toEqual({
        path,
        rule: "version",
        what: "its GGUF version",
        found: 1,
        allowed: "2 or 3, little-endian",
      });
      expect(error.message).toContain("its GGUF version is 1, but must be 2 or 3");
      expect(error.stack).toBe(`ModelError: ${error.message}`);
    }));

  it("takes no memory for what it only claims", () => {
    const bytes = Buffer.from(writeGguf({ metadata: [["a", { type: "string", value: "short" }]], tensors: [] }));
    bytes.writeUInt32LE(60 * 2 ** 20, 24 + 8 + 1 + 4);
    return withGguf(bytes, async (path) => {
      const before = process.memoryUsage().arrayBuffers;
      expect((await failure(readGguf(path))).facts.rule).toBe("truncated");
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
    });
  });

  it("is not looked for in a device or a folder", async () => {
    for (const path of ["/dev/zero", import.meta.dirname]) {
      expect((await failure(readGguf(path))).code).toBe("MODEL_INVALID");
    }
  });

  it("is named where there is no file", async () => {
    expect((await failure(readGguf("/nowhere/model.gguf"))).code).toBe("MODEL_NOT_FOUND");
  });
});
