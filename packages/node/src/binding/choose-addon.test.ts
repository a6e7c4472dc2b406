import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInferenceError } from "@lloyal-labs/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { elfHeader } from "../../test/elf-header.ts";
import { chooseAddon } from "./choose-addon.ts";
import { thisMachine } from "./library-files.ts";

const machine = { os: "linux", cpu: "x64", libc: "glibc" } as const;
const cpuPackage = "@lloyal-labs/lloyal.node-linux-x64-cpu";
const good = elfHeader({ machine: 62, sectionsAt: 64, sections: 0 });
const cutShort = elfHeader({ machine: 62, sectionsAt: 1_000_000, sections: 30 });
const arm = elfHeader({ machine: 183, sectionsAt: 64, sections: 0 });

let own: string;
beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), "lloyal-loader-"));
  writeFileSync(join(own, "package.json"), JSON.stringify({ version: "1.2.3" }));
});
afterEach(() => rmSync(own, { recursive: true }));

/** Installs a package beside the loader's own, as npm would. */
function install(files: Record<string, Uint8Array | string>, version = "1.2.3") {
  const folder = join(own, "node_modules", ...cpuPackage.split("/"));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: cpuPackage, version }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

function refusal(wish?: string) {
  try {
    chooseAddon(own, wish, machine);
  } catch (error) {
    if (isInferenceError(error)) return error;
    throw error;
  }
  throw new Error("something was loaded");
}

it("without a package, every name is there with its reason", () => {
  const { code, facts } = refusal();
  expect(code).toBe("BACKEND_UNAVAILABLE");
  const named = Object.entries(facts).filter(([name]) => name.startsWith("@"));
  expect(named.map(([, reason]) => reason)).toEqual(["is not installed", "is not installed", "is not installed"]);
});

it("a package of another version is not loaded, and the remedy names the right one", () => {
  install({ "lloyal.node": good }, "1.2.4");
  const { facts, remedy } = refusal();
  expect(facts[cpuPackage]).toBe("is of version 1.2.4, and 1.2.3 is needed");
  expect(remedy).toContain(`${cpuPackage}@1.2.3`);
});

describe.each([
  ["nothing", undefined, /^is not there/],
  ["a text", "404: not found", /lloyal\.node is no ELF file$/],
  ["an addon that was cut short", cutShort, /lloyal\.node is cut short: 64 of/],
  ["an addon for another CPU", arm, /lloyal\.node is for arm64, and this is x64$/],
])("%s in place of the addon", (_, content, reason) => {
  const files: Record<string, Uint8Array | string> = content === undefined ? {} : { "lloyal.node": content };

  it("is refused in a package", () => {
    install(files);
    expect(refusal().facts[cpuPackage]).toMatch(reason);
  });

  it("is refused where LLOYAL_ADDON points", () => {
    const path = join(install(files), "lloyal.node");
    expect(refusal(path).facts.LLOYAL_ADDON).toMatch(reason);
  });
});

it("a library beside the addon that was cut short is seen before anything is loaded", () => {
  install({ "lloyal.node": good, "libllama-lloyal.so": cutShort });
  expect(refusal().facts[cpuPackage]).toMatch(/libllama-lloyal\.so is cut short/);
});

it.each(["lloyal.node", "./lloyal.node"])("%s is not searched for, be it there or not", (path) => {
  cpSync(join(install({ "lloyal.node": good }), "lloyal.node"), join(own, "lloyal.node"));
  expect(refusal(path).facts.LLOYAL_ADDON).toMatch(/not an absolute path/);
});

it("a folder in place of the addon is refused", () => {
  expect(refusal(own).facts.LLOYAL_ADDON).toMatch(/^does not load|^cannot be used/);
});

it("a clone's own build is judged like any other", () => {
  mkdirSync(join(own, "build"));
  writeFileSync(join(own, "build", "lloyal.node"), cutShort);
  expect(refusal().facts["the addon of this clone"]).toMatch(/cut short/);
});

it("this machine is told by its own Node", () => {
  const { os, cpu, libc } = thisMachine();
  expect([os, cpu]).toEqual([process.platform, process.arch]);
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const expected = report.header.glibcVersionRuntime ? "glibc" : "musl";
  expect(libc).toBe(os === "linux" ? expected : undefined);
});
