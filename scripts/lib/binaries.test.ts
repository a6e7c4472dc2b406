import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as table from "../../packages/node/src/binding/platforms.ts";
import { binariesComplaints, binaryComplaints, binaryManifest, missingBinaries } from "./binaries.mjs";
import { root } from "./repository-files.mjs";
import { sharedFlags } from "./shared-llama.mjs";

const { binaries } = table;
const binary = (name: string) => binaries.find((each) => each.name.endsWith(`lloyal.node-${name}`))!;
const texts = ["package.json", "README.md", "LICENSE", "LICENSE-llama.cpp", "lloyal.node"];
const linux = [...texts, "libllama-x.so", "libggml-x.so", "libggml-base-x.so", "libggml-cpu-x64-x.so"];
const own = { version: "1.2.3", license: "Apache-2.0", engines: { node: ">=20.19" } };

describe("the manifest of a binary package", () => {
  it("names system, CPU and, on Linux, the libc: npm installs it nowhere else", () => {
    expect(binaryManifest(binary("linux-arm64-cpu"), own, undefined)).toMatchObject({
      name: "@lloyal-labs/lloyal.node-linux-arm64-cpu",
      version: "1.2.3",
      os: ["linux"],
      cpu: ["arm64"],
      libc: ["glibc"],
    });
    expect(binaryManifest(binary("darwin-arm64-metal"), own, undefined)).not.toHaveProperty("libc");
  });

  it("runs nothing when it is installed, and needs nothing", () => {
    for (const each of binaries) {
      const fields = Object.keys(binaryManifest(each, own, "owner/name"));
      expect(fields.filter((field) => /^scripts$|dependencies$|^gypfile$|^binary$|^bin$/i.test(field))).toEqual([]);
    }
  });

  it("tells the repository where that is known, which provenance needs", () => {
    const url = "git+https://github.com/owner/name.git";
    expect(binaryManifest(binary("linux-x64-cpu"), own, "owner/name")).toMatchObject({ repository: { url } });
    expect(binaryManifest(binary("linux-x64-cpu"), own, undefined)).not.toHaveProperty("repository");
  });
});

describe("the files of a binary package", () => {
  it("are the addon, its libraries and three texts", () => {
    expect(binaryComplaints(linux, binary("linux-x64-cpu"))).toEqual([]);
    const windows = [...texts, "llama-x.dll", "ggml-cpu-x.dll", "ggml-cuda-x.dll"];
    expect(binaryComplaints(windows, binary("win32-x64-cuda"))).toEqual([]);
    const mac = [...texts, "libllama-x.dylib", "libggml-cpu-apple_m1-x.so", "libggml-metal-x.so"];
    expect(binaryComplaints(mac, binary("darwin-arm64-metal"))).toEqual([]);
  });

  it.each(texts)("lack %s", (file) => {
    const rest = linux.filter((each) => each !== file);
    expect(binaryComplaints(rest, binary("linux-x64-cpu"))).toEqual([`${file} is missing`]);
  });

  it("lack what computes", () => {
    expect(binaryComplaints(linux, binary("linux-x64-cuda"))).toEqual(["no library computes on cuda"]);
    const rest = linux.filter((file) => !file.includes("cpu"));
    expect(binaryComplaints(rest, binary("linux-x64-cpu"))).toContain("no library computes on cpu");
  });

  it("are nothing else", () => {
    expect(binaryComplaints([...linux, "install.js"], binary("linux-x64-cpu"))).toEqual(["what is install.js?"]);
  });
});

describe("what is to be published", () => {
  const filesOf = ({ os, gpu }: table.Binary) => {
    const [start, end] = os === "win32" ? ["", "dll"] : ["lib", "so"];
    return [...texts, ...["cpu", gpu].map((family) => `${start}ggml-${family}-x.${end}`)];
  };
  const all = binaries.map((each) => ({ name: each.name, manifest: { version: "1.2.3" }, files: filesOf(each) }));

  it("is all binaries in one version", () => {
    expect(binariesComplaints(all, table, "1.2.3")).toEqual([]);
    expect(binariesComplaints(all, table, "1.2.4")).toHaveLength(binaries.length);
  });

  it("is not a part of them, and nothing more", () => {
    expect(binariesComplaints(all.slice(1), table, "1.2.3")).toEqual([`${all[0]?.name} is missing`]);
    const stranger = { name: "left-pad", manifest: { version: "1.2.3" }, files: [] };
    expect(binariesComplaints([...all, stranger], table, "1.2.3")).toEqual(["left-pad is none of the binaries"]);
  });
});

it("a packed manifest that lacks a binary, or has another version of it, is seen", () => {
  const name = "@lloyal-labs/lloyal.node";
  const manifest = { version: "1.2.3", ...table.binaryDependencies("1.2.3") };
  expect(missingBinaries([{ name, manifest }], table)).toEqual([]);
  const { "@lloyal-labs/lloyal.node-linux-x64-cpu": _, ...optionalDependencies } = manifest.optionalDependencies;
  expect(missingBinaries([{ name, manifest: { ...manifest, optionalDependencies } }], table)).toHaveLength(1);
  const old = { ...table.binaryDependencies("1.2.2"), version: "1.2.3" };
  expect(missingBinaries([{ name, manifest: old }], table)).toHaveLength(13);
});

it("each binary is built for its own GPU alone", () => {
  const gpus = (each: table.Binary) =>
    sharedFlags(each).flatMap((flag) => /^-DGGML_(CUDA|METAL|VULKAN)=ON$/.exec(flag)?.[1]?.toLowerCase() ?? []);
  for (const each of binaries) expect(gpus(each)).toEqual(each.gpu === "cpu" ? [] : [each.gpu]);
});

describe("the workflow that builds the binaries", () => {
  const workflow = readFileSync(join(root, ".github/workflows/native.yml"), "utf8");
  const rows = (job: string) => {
    const [, text = ""] = new RegExp(`^ {2}${job}:\n([\\s\\S]*?)(?=^ {2}\\w+:|(?![\\s\\S]))`, "m").exec(workflow) ?? [];
    return [...text.matchAll(/- \{\s*os: (\w+),\s*cpu: (\w+),\s*gpu: (\w+),/g)]
      .map((row) => row.slice(1).join("-"))
      .sort();
  };
  const idOf = ({ os, cpu, gpu }: table.Binary) => `${os}-${cpu}-${gpu}`;

  it("has a row for each of them", () => {
    expect(rows("build")).toEqual(binaries.map(idOf).sort());
  });

  it("checks each default one on a machine of its own", () => {
    expect(rows("check")).toEqual(
      binaries
        .filter(({ isDefault }) => isDefault)
        .map(idOf)
        .sort(),
    );
  });
});
