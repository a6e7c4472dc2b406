import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildKey, compilerIdentity, compilerVariables, cpuIdentity } from "../../../scripts/lib/build-key.mjs";
import type { Context } from "../../../scripts/lib/context.mjs";
import { ensureLlamaBuild } from "../../../scripts/lib/llama-build.mjs";
import { ensureLlamaSource, llamaCommit, llamaFolder } from "../../../scripts/lib/llama-source.mjs";
import { publishFolder, withPrivateTemp } from "../../../scripts/lib/private-temp.mjs";
import { runStep } from "../../../scripts/lib/run-step.mjs";
import { withStep } from "../../../scripts/lib/step.mjs";
import { findTool } from "../../../scripts/lib/tools.mjs";

export interface LlamaTools {
  server: string;
  batchedBench: string;
}

const recipe = fileURLToPath(new URL("./llama-tools/CMakeLists.txt", import.meta.url));
const programs = ["llama-server", "llama-batched-bench"];

/** llama.cpp's own programs, from the tree and over the archives that our addon is built from. Built once, minutes. */
export async function ensureLlamaTools(context: Context): Promise<LlamaTools> {
  const source = await ensureLlamaSource(context);
  const prefix = context.env.LLAMA_PREFIX ?? (await ensureLlamaBuild(context, source));
  const [compiler, cpu] = await Promise.all([compilerIdentity(context), cpuIdentity(context)]);
  const flags = [prefix, readFileSync(recipe, "utf8")];
  const key = buildKey({ commit: llamaCommit, flags, compiler, cpu, variables: compilerVariables(context.env) });
  const final = join(llamaFolder(context.cache), `tools-${key}`);
  if (!existsSync(final)) await build(context, source, prefix, final);
  return { server: join(final, "llama-server"), batchedBench: join(final, "llama-batched-bench") };
}

async function build(context: Context, source: string, prefix: string, final: string): Promise<void> {
  await withStep("llama.cpp", (say) =>
    withPrivateTemp(context.cache, async (temp) => {
      say("building its programs");
      const cmake = (...args: string[]) => runStep(context, "llama-tools", "nice", ["cmake", ...args]);
      const paths = [`-DLLAMA_SOURCE=${source}`, `-DLLAMA_PREFIX=${prefix}`];
      const generator = findTool(["ninja"], context.env) ? ["-G", "Ninja"] : [];
      await cmake("-S", dirname(recipe), "-B", temp, ...generator, "-DCMAKE_BUILD_TYPE=Release", ...paths);
      await cmake("--build", temp, "--parallel", String(availableParallelism()), "--target", ...programs);
      await publishFolder(join(temp, "bin"), final);
      say("its programs are built");
    }),
  );
}
