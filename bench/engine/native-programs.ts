import { join } from "node:path";
import type { Context } from "../../scripts/lib/context.mjs";
import { ensureLlamaBuild } from "../../scripts/lib/llama-build.mjs";
import { ensureLlamaSource } from "../../scripts/lib/llama-source.mjs";
import { runStep } from "../../scripts/lib/run-step.mjs";

export interface NativePrograms {
  plainLlama: string;
  forkCost: string;
}

/** The programs of `native/bench` that compare the core with plain llama.cpp, over the archives that the addon links. */
export async function buildNativePrograms(context: Context): Promise<NativePrograms> {
  const prefix = context.env.LLAMA_PREFIX ?? (await ensureLlamaBuild(context, await ensureLlamaSource(context)));
  const build = join(context.root, "native", "build-bench");
  const cmake = (...args: string[]) => runStep(context, "native-bench", "cmake", args);
  await cmake("-S", join(context.root, "native"), "-B", build, "-DLLOYAL_BENCH=ON", `-DLLAMA_PREFIX=${prefix}`);
  await cmake("--build", build, "--parallel", "2", "--target", "lloyal_plain_llama", "lloyal_fork_cost");
  return { plainLlama: join(build, "lloyal_plain_llama"), forkCost: join(build, "lloyal_fork_cost") };
}
