import { ensureBuild, off } from "./llama-build.mjs";
import { llamaCommit } from "./llama-source.mjs";

/** @typedef {import("../../packages/node/src/binding/platforms.ts").Binary} Binary */

/** @type {Record<Binary["gpu"], string[]>} */
const gpuFlags = {
  cpu: [],
  cuda: ["-DGGML_CUDA=ON"],
  metal: ["-DGGML_METAL=ON", "-DGGML_METAL_EMBED_LIBRARY=ON"],
  vulkan: ["-DGGML_VULKAN=ON"],
};

/**
 * What the names of a binary's libraries end with. A process has one library of a name: without this, an addon that
 * brings another llama.cpp would be given ours, or ours be given that one.
 *
 * @param {Binary["gpu"]} gpu
 */
export function libraryPostfix(gpu) {
  return `-lloyal-${gpu}-${llamaCommit.slice(0, 8)}`;
}

/**
 * How cmake builds the llama.cpp of a binary package: shared libraries that find each other in their own folder, the
 * CPU backend once for each generation of CPUs.
 *
 * @param {Binary} binary
 * @returns {string[]}
 */
export function sharedFlags({ os, cpu, gpu }) {
  // The older form of the entry, which LD_LIBRARY_PATH does not come before.
  const link = os === "linux" ? ["-Wl,--disable-new-dtags"] : [];
  const hasVariants = os !== "win32" || cpu !== "arm64"; // llama.cpp knows none for Windows on ARM
  return [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=ON",
    "-DGGML_BACKEND_DL=ON",
    `-DGGML_CPU_ALL_VARIANTS=${hasVariants ? "ON" : "OFF"}`,
    "-DGGML_NATIVE=OFF",
    ...(os === "darwin" ? ["-DGGML_METAL=OFF", "-DGGML_BLAS=OFF"] : []),
    ...gpuFlags[gpu],
    "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
    "-DCMAKE_C_VISIBILITY_PRESET=hidden",
    "-DCMAKE_CXX_VISIBILITY_PRESET=hidden",
    "-DCMAKE_VISIBILITY_INLINES_HIDDEN=ON",
    // npm packs no links, so a library has one name only.
    "-DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON",
    `-DCMAKE_RELEASE_POSTFIX=${libraryPostfix(gpu)}`,
    `-DCMAKE_INSTALL_RPATH=${os === "darwin" ? "@loader_path" : "$ORIGIN"}`,
    "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON",
    ...link.flatMap((flag) => [`-DCMAKE_SHARED_LINKER_FLAGS=${flag}`, `-DCMAKE_MODULE_LINKER_FLAGS=${flag}`]),
    ...off.map((name) => `-D${name}=OFF`),
  ];
}

/**
 * Builds the llama.cpp of a binary package into the cache, unless that was done before: ten minutes on two cores for the
 * CPU.
 *
 * @param {import("./context.mjs").Context} context
 * @param {string} source - the tree of llama.cpp
 * @param {Binary} binary
 * @returns {Promise<string>} a prefix with `include/`, the libraries in `lib/`, and the backends in `bin/`
 */
export function ensureSharedLlama(context, source, binary) {
  return ensureBuild(context, source, {
    flags: sharedFlags(binary),
    // Assertions name their files. With the builder's paths in them, no two machines would build the same bytes.
    compilerFlags: `-ffile-prefix-map=${source}/=llama.cpp/`,
    cpu: `${process.platform} ${process.arch}`, // not this CPU: the result is for all of them
    install: ["--strip"],
  });
}
