import { describe, expect, it } from "vitest";
import { elfHeader } from "../../test/elf-header.ts";
import { elfComplaint, libcOf } from "./elf.ts";

describe("a library", () => {
  it("of this CPU and in its full length is fine", () => {
    expect(elfComplaint(elfHeader({ machine: 62, sectionsAt: 900, sections: 2 }), 1028, "x64")).toBeUndefined();
    expect(elfComplaint(elfHeader({ machine: 183, sectionsAt: 64, sections: 0 }), 64, "arm64")).toBeUndefined();
  });

  it("that lacks its last byte is cut short", () => {
    const header = elfHeader({ machine: 62, sectionsAt: 900, sections: 2 });
    expect(elfComplaint(header, 1027, "x64")).toBe("is cut short: 1027 of 1028 bytes");
  });

  it.each([183, 3, 9999])("for ELF machine %i is not for x64", (machine) => {
    expect(elfComplaint(elfHeader({ machine, sectionsAt: 64, sections: 0 }), 64, "x64")).toMatch(
      /^is for .*, and this is x64$/,
    );
  });

  it("of less than a header is cut short, and a text or nothing at all is no library", () => {
    const header = elfHeader({ machine: 62, sectionsAt: 64, sections: 0 });
    expect(elfComplaint(header.subarray(0, 63), 63, "x64")).toBe("is cut short: 63 bytes");
    expect(elfComplaint(new TextEncoder().encode("not found".repeat(20)), 180, "x64")).toBe("is no ELF file");
    expect(elfComplaint(new Uint8Array(), 0, "x64")).toBe("is no ELF file");
  });
});

describe("the libc of a program", () => {
  it.each([
    ["/lib64/ld-linux-x86-64.so.2", "glibc"],
    ["/lib/ld-linux-aarch64.so.1", "glibc"],
    ["/lib/ld-musl-x86_64.so.1", "musl"],
    ["/lib/ld-musl-aarch64.so.1", "musl"],
    ["", undefined],
  ])("whose loader is %j is %s", (loader, libc) => {
    const program = Buffer.concat([new Uint8Array(700), Buffer.from(`${loader}\0`)]);
    expect(libcOf(program)).toBe(libc);
  });
});
