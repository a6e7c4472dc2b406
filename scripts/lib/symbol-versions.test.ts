import { expect, it } from "vitest";
import { newestVersions } from "./symbol-versions.mjs";

it("of each system library the newest version counts, by number", () => {
  const symbols = `
0000000000000000      DF *UND*	0000000000000000 (GLIBC_2.2.5) memcpy
0000000000000000      DF *UND*	0000000000000000 (GLIBC_2.34) dlopen
0000000000000000      DF *UND*	0000000000000000 (GLIBC_2.4)  __stack_chk_fail
0000000000000000      DF *UND*	0000000000000000 (GLIBCXX_3.4.9) _ZNSo9_M_insert
0000000000000000      DF *UND*	0000000000000000 (GLIBCXX_3.4.30) _ZNSt18condition_variable4wait
000000000002f000 g    DF .text	0000000000000010  Base        llama_decode`;
  expect(newestVersions(symbols)).toEqual(["GLIBCXX_3.4.30", "GLIBC_2.34"]);
});

it("without a version there is none", () => {
  expect(newestVersions("")).toEqual([]);
});
