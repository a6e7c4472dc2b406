import { existsSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { availableParallelism, platform, totalmem } from "node:os";
import { basename, join } from "node:path";
import { buildKey, compilerIdentity, compilerVariables, cpuIdentity } from "./build-key.mjs";
import { parseBuildProgress } from "./build-progress.mjs";
import { llamaCommit, llamaFolder } from "./llama-source.mjs";
import { publishFolder, withPrivateTemp } from "./private-temp.mjs";
import { runStep } from "./run-step.mjs";
import { withStep } from "./step.mjs";
import { findTool } from "./tools.mjs";

/** Parts of llama.cpp that nothing here uses. */
export const off = [
  "LLAMA_BUILD_COMMON",
  "LLAMA_BUILD_TESTS",
  "LLAMA_BUILD_TOOLS",
  "LLAMA_BUILD_EXAMPLES",
  "LLAMA_BUILD_SERVER",
  "LLAMA_BUILD_APP",
  "LLAMA_BUILD_UI",
  "LLAMA_USE_PREBUILT_UI",
  "LLAMA_OPENSSL",
  "LLAMA_SUBPROCESS",
  "LLAMA_LLGUIDANCE",
  "GGML_CCACHE",
  "GGML_OPENMP", // as fast without it, and one library less to find at run time
  "GGML_BUILD_TESTS",
  "GGML_BUILD_EXAMPLES",
];

const flags = [
  "-DCMAKE_BUILD_TYPE=Release",
  "-DGGML_NATIVE=ON",
  // The addon is a shared library that these archives are linked into, with nothing of them visible from outside.
  "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
  "-DCMAKE_C_VISIBILITY_PRESET=hidden",
  "-DCMAKE_CXX_VISIBILITY_PRESET=hidden",
  "-DCMAKE_VISIBILITY_INLINES_HIDDEN=ON",
  "-DBUILD_SHARED_LIBS=OFF",
  ...off.map((name) => `-D${name}=OFF`),
];

// What a backend is made of, ours too (native/compute). ggml installs only what uses one.
const backendHeader = "ggml/src/ggml-backend-impl.h";

// What the largest of the source files takes to compile, roughly.
const compilerBytes = 2 ** 30;

/**
 * Builds llama.cpp for this machine's CPU and installs it into the cache, unless that was done before.
 *
 * @param {import("./context.mjs").Context} context
 * @param {string} source - the tree of llama.cpp
 * @returns {Promise<string>} a prefix with `include/` and `lib/cmake/`
 */
export async function ensureLlamaBuild(context, source) {
  return ensureBuild(context, source, { flags, cpu: await cpuIdentity(context) });
}

/**
 * @param {import("./context.mjs").Context} context
 * @param {string} source
 * @param {object} how
 * @param {readonly string[]} how.flags - for cmake
 * @param {string} [how.compilerFlags] - for all files, C or C++
 * @param {string} how.cpu - all that the build depends on in this machine, beside its compiler
 * @param {readonly string[]} [how.install] - more arguments for the installation
 * @returns {Promise<string>} its prefix in the cache
 */
export async function ensureBuild(context, source, { flags, compilerFlags = "", cpu, install = [] }) {
  const compiler = await compilerIdentity(context);
  const fix = await tileConfigFix(context);
  const key = buildKey({
    ...{ commit: llamaCommit, flags: [...flags, compilerFlags, fix.text, backendHeader], compiler, cpu },
    variables: compilerVariables(context.env),
  });
  const prefix = join(llamaFolder(context.cache), `build-${key}`);
  if (existsSync(prefix)) return prefix;

  await withStep("llama.cpp", (say) =>
    withPrivateTemp(context.cache, async (temp) => {
      const build = join(temp, "build");
      const finished = join(temp, "prefix");
      /** @type {(args: string[]) => Promise<string>} */
      const cmake = (args) =>
        runStep(context, "llama.cpp-build", "cmake", args, {
          onLine: (line) => {
            const progress = parseBuildProgress(line);
            if (progress) say(`compiling ${progress}`);
          },
        });

      say("configuring");
      const generator = findTool(["ninja"], context.env) ? ["-G", "Ninja"] : [];
      const compile = [`-DCMAKE_C_FLAGS=${compilerFlags}`, `-DCMAKE_CXX_FLAGS=${compilerFlags} ${fix.flag}`];
      const paths = ["-S", source, "-B", build, `-DCMAKE_INSTALL_PREFIX=${prefix}`];
      await cmake([...paths, ...generator, ...compile, ...flags]);
      await cmake(["--build", build, "--parallel", String(jobs())]);
      await cmake(["--install", build, "--prefix", finished, ...install]);
      await copyFile(join(source, backendHeader), join(finished, "include", basename(backendHeader)));
      await publishFolder(finished, prefix);
      say("compiled");
    }),
  );
  return prefix;
}

// MSVC knows neither the flag nor the mistake.
/** @param {import("./context.mjs").Context} context */
async function tileConfigFix({ root }) {
  if (platform() === "win32") return { flag: "", text: "" };
  const path = join(root, "native", "ggml", "tile_config.h");
  return { flag: `-include "${path}"`, text: await readFile(path, "utf8") };
}

function jobs() {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / compilerBytes)));
}
