// The core's C++ tests under AddressSanitizer with UndefinedBehaviorSanitizer, and under ThreadSanitizer. Each has to
// catch the bugs of `native/test/planted` first: a sanitizer that is not at work finds nothing.
//
//   node scripts/verify/sanitizers.mjs      needs LLAMA_PREFIX

import { join } from "node:path";
import { createContext } from "../lib/context.mjs";
import { runMain } from "../lib/main.mjs";
import { Problem } from "../lib/problem.mjs";
import { run } from "../lib/run.mjs";
import { runStep } from "../lib/run-step.mjs";

const sanitizers = [
  {
    name: "address",
    flags: "address,undefined",
    planted: { "use-after-free": "heap-use-after-free", overflow: "signed integer overflow" },
    env: { UBSAN_OPTIONS: "print_stacktrace=1" },
  },
  { name: "thread", flags: "thread", planted: { race: "data race" }, env: { TSAN_OPTIONS: "halt_on_error=1" } },
];

// ThreadSanitizer has fixed places for its shadows, which Linux may give to something else.
const fixedAddresses = process.platform === "linux" ? ["setarch", "-R"] : [];

await runMain(async (signal) => {
  const context = createContext(signal);
  const { root } = context;
  for (const { name, flags, planted, env } of sanitizers) {
    const build = join(root, "native", `build-sanitize-${name}`);
    const sources = ["-S", join(root, "native"), "-B", build, "-G", "Ninja"];
    const options = ["-DLLOYAL_TESTS=ON", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", `-DLLOYAL_SANITIZE=${flags}`];
    await runStep(context, `sanitize-${name}-configure`, "cmake", [...sources, ...options]);
    await runStep(context, `sanitize-${name}-build`, "cmake", ["--build", build, "--parallel", "2"]);

    const sanitized = { ...context.env, ...env };
    for (const [bug, report] of Object.entries(planted)) {
      const { exitCode, output } = await run(join(build, "lloyal_planted"), [bug], {
        cwd: root,
        env: sanitized,
        signal,
      });
      if (exitCode === 0 || !output.includes(report)) throw new Problem(`The planted ${bug} went unseen by ${flags}.`);
      console.log(`caught  ${bug} (${flags})`);
    }
    const [command, ...args] = [...fixedAddresses, join(build, "lloyal_test")];
    const tests = await runStep(context, `sanitize-${name}`, command, args, { env: sanitized });
    console.log(`${flags}: ${/\[ {2}PASSED {2}\] (.*)/.exec(tests)?.[1] ?? "no test ran"}`);
  }
  return 0;
});
