import { expect, it } from "vitest";
import { binaries, binaryDependencies } from "./platforms.ts";

it("there are 13 binaries, each under a name of its own", () => {
  expect(binaries.map(({ os, cpu, gpu }) => `${os}-${cpu}-${gpu}`)).toEqual([
    "darwin-arm64-metal",
    "darwin-x64-cpu",
    "linux-arm64-cuda",
    "linux-arm64-vulkan",
    "linux-arm64-cpu",
    "linux-x64-cuda",
    "linux-x64-vulkan",
    "linux-x64-cpu",
    "win32-arm64-vulkan",
    "win32-arm64-cpu",
    "win32-x64-cuda",
    "win32-x64-vulkan",
    "win32-x64-cpu",
  ]);
  for (const { os, cpu, gpu, name } of binaries) expect(name).toBe(`@lloyal-labs/lloyal.node-${os}-${cpu}-${gpu}`);
});

it("every platform has one default binary", () => {
  const platforms = new Set(binaries.map(({ os, cpu }) => `${os} ${cpu}`));
  const defaults = binaries.filter(({ isDefault }) => isDefault).map(({ os, cpu }) => `${os} ${cpu}`);
  expect(defaults.sort()).toEqual([...platforms].sort());
});

it("the packed manifest names all of them in its own version: installed by default, or an optional peer", () => {
  const { optionalDependencies, peerDependencies, peerDependenciesMeta } = binaryDependencies("1.2.3");
  const named = { ...optionalDependencies, ...peerDependencies };
  expect(named).toEqual(Object.fromEntries(binaries.map(({ name }) => [name, "1.2.3"])));
  expect(Object.keys(optionalDependencies)).toHaveLength(6);
  expect(Object.keys(peerDependenciesMeta)).toEqual(Object.keys(peerDependencies));
});
