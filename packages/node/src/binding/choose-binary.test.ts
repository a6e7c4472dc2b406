import { expect, it } from "vitest";
import { noAddon, planCandidates, wrongDevices, wrongPath, wrongVersion } from "./choose-binary.ts";
import { binaries } from "./platforms.ts";

const debian = { os: "linux", cpu: "x64", libc: "glibc" } as const;
const alpine = { ...debian, libc: "musl" } as const;
const name = (gpu: string) => `@lloyal-labs/lloyal.node-linux-x64-${gpu}`;
const names = (...args: Parameters<typeof planCandidates>) =>
  planCandidates(...args).map((candidate) => candidate.name);
const candidate = (gpu: string) => {
  const binary = binaries.find((each) => each.name === name(gpu))!;
  return { source: "package", name: binary.name, binary } as const;
};

it("LLOYAL_ADDON is tried alone: nothing takes the place of a wish", () => {
  expect(planCandidates(debian, "/a/lloyal.node", "/b/lloyal.node")).toEqual([
    { source: "LLOYAL_ADDON", name: "LLOYAL_ADDON", path: "/a/lloyal.node" },
  ]);
});

it("an empty LLOYAL_ADDON is none", () => {
  expect(names(debian, "", undefined)).toEqual([name("cuda"), name("vulkan"), name("cpu")]);
});

it("in a clone its own build is tried alone", () => {
  expect(planCandidates(debian, undefined, "/b/lloyal.node")).toEqual([
    { source: "build", name: "the addon of this clone", path: "/b/lloyal.node" },
  ]);
});

it("packages for a GPU are tried before the one for the CPU", () => {
  expect(names(debian, undefined, undefined)).toEqual([name("cuda"), name("vulkan"), name("cpu")]);
  expect(names({ os: "darwin", cpu: "arm64", libc: undefined }, undefined, undefined)).toEqual([
    "@lloyal-labs/lloyal.node-darwin-arm64-metal",
  ]);
});

it("where the libc cannot be told, the packages are tried", () => {
  expect(names({ ...debian, libc: undefined }, undefined, undefined)).toHaveLength(3);
});

it.each([alpine, { os: "freebsd", cpu: "x64", libc: undefined }, { ...debian, cpu: "riscv64" }])(
  "nothing is tried on %o, for which nothing is built",
  (machine) => {
    expect(planCandidates(machine, undefined, undefined)).toEqual([]);
  },
);

it("a path counts from no folder", () => {
  expect(wrongPath("lloyal.node")).toMatch(/not an absolute path/);
  expect(wrongPath("./lloyal.node")).toMatch(/not an absolute path/);
  expect(wrongPath("/lloyal.node")).toBeUndefined();
});

it("only an addon of the same version will do", () => {
  expect(wrongVersion("1.2.3", "1.2.3")).toBeUndefined();
  expect(wrongVersion("1.2.4", "1.2.3")).toBe("is of version 1.2.4, and 1.2.3 is needed");
  expect(wrongVersion(undefined, "1.2.3")).toBe("is of version unknown, and 1.2.3 is needed");
});

it("a binary for a GPU is left where it finds none, with what the loader said", () => {
  const [gpu, cpu] = [{ isGpu: true }, { isGpu: false }];
  expect(wrongDevices(candidate("cuda"), [cpu], "libcuda.so.1: no such file")).toBe(
    "finds no GPU (libcuda.so.1: no such file)",
  );
  expect(wrongDevices(candidate("cuda"), [gpu, cpu], "")).toBeUndefined();
  expect(wrongDevices(candidate("cpu"), [cpu], "")).toBeUndefined();
  expect(wrongDevices({ source: "build", name: "", path: "" }, [cpu], "")).toBeUndefined();
});

it("Metal is the only binary of its platform, so it serves a machine without it too", () => {
  const binary = binaries.find(({ gpu }) => gpu === "metal")!;
  expect(wrongDevices({ source: "package", name: binary.name, binary }, [{ isGpu: false }], "")).toBeUndefined();
});

it("an addon whose libraries all need a newer CPU is left", () => {
  expect(wrongDevices(candidate("cpu"), [], "")).toBe("has no library that runs on this CPU");
});

it("the error tells each candidate's reason, in words and as facts, and what to install", () => {
  const cause = new Error("dlopen");
  const error = noAddon(debian, "1.2.3", [
    { name: name("cuda"), reason: "is not installed" },
    { name: name("cpu"), reason: "does not load (dlopen)", cause },
  ]);
  expect(error).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    facts: {
      platform: "linux",
      arch: "x64",
      libc: "glibc",
      version: "1.2.3",
      [name("cuda")]: "is not installed",
      [name("cpu")]: "does not load (dlopen)",
    },
    cause,
  });
  expect(error.message).toContain(`${name("cuda")} is not installed; ${name("cpu")} does not load (dlopen).`);
  expect(error.remedy).toContain(`npm install ${name("cpu")}@1.2.3`);
});

it("the remedy is about what was tried", () => {
  expect(noAddon(debian, "1.2.3", [{ name: "LLOYAL_ADDON", reason: "is wrong" }]).remedy).toMatch(
    /^Correct LLOYAL_ADDON/,
  );
  expect(noAddon(debian, "1.2.3", [{ name: "the addon of this clone", reason: "is old" }]).remedy).toMatch(
    /builds it anew/,
  );
  expect(noAddon(alpine, "1.2.3", []).remedy).toMatch(/^Use a system with glibc/);
  expect(noAddon({ os: "freebsd", cpu: "x64", libc: undefined }, "1.2.3", []).message).toContain(
    "on freebsd x64: there is no prebuilt binary for it",
  );
});
