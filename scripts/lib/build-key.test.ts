import { expect, it } from "vitest";
import { buildKey, compilerVariables, firstCpu } from "./build-key.mjs";

const identity = {
  commit: "abc",
  flags: ["-DA=ON", "-DB=OFF"],
  compiler: "c++ 12.2.0",
  cpu: "model name : X",
  variables: "",
};

it("the same inputs give the same key", () => {
  expect(buildKey({ ...identity })).toBe(buildKey(identity));
  expect(buildKey(identity)).toMatch(/^[0-9a-f]{16}$/);
});

it.each([
  { commit: "abd" },
  { flags: ["-DA=ON", "-DB=ON"] },
  { flags: ["-DB=OFF", "-DA=ON"] },
  { compiler: "c++ 13.1.0" },
  { cpu: "model name : Y" },
  { variables: compilerVariables({ CXXFLAGS: "-O0" }) },
])("another %o gives another key", (change) => {
  expect(buildKey({ ...identity, ...change })).not.toBe(buildKey(identity));
});

it("of /proc/cpuinfo only what lasts is read, and only of the first core", () => {
  const core = (number: number, mhz: string) =>
    `processor\t: ${number}\nmodel name\t: X\ncpu MHz\t\t: ${mhz}\nflags\t\t: avx2 fma`;
  expect(firstCpu(`${core(0, "2100.0")}\n\n${core(1, "800.0")}\n`)).toBe("model name\t: X\nflags\t\t: avx2 fma");
});
