// `pnpm verify`: the set-up of `npm test`, then the long programmes of `lib/programmes.mjs`. All of them run even where
// one fails; the last line is the sum over the programmes.

import { stepCounts, sumCounts, summaryLine } from "./lib/counts.mjs";
import { runMain } from "./lib/main.mjs";
import { programmes } from "./lib/programmes.mjs";
import { run } from "./lib/run.mjs";
import { setUpTests } from "./lib/test-setup.mjs";
import { parseVerifyArguments, usage } from "./lib/verify-arguments.mjs";

await runMain(async (signal) => {
  const wanted = parseVerifyArguments(process.argv.slice(2));
  if (!wanted) {
    console.log(usage);
    return 0;
  }
  const context = await setUpTests(signal);
  const results = [];
  for (const [name, programme] of Object.entries(programmes)) {
    if (wanted.names.includes(name)) results.push(await verify(context, name, programme, wanted.runs));
  }
  const counts = sumCounts(results);
  console.log(`\n${summaryLine(counts)}`);
  return counts.failed > 0 ? 1 : 0;
});

/**
 * @param {import("./lib/context.mjs").Context} context
 * @param {string} name
 * @param {import("./lib/programmes.mjs").Programme} programme
 * @param {number} [given] - runs of each step, in place of the step's own number
 */
async function verify({ root, env, signal }, name, programme, given) {
  let failed = false;
  for (const { command, args, target, runs } of programme.steps) {
    const count = given ?? runs;
    console.log(`\n── ${name}: ${target}${count ? `, ${count} runs` : ""}`);
    const options = {
      cwd: root,
      signal,
      echo: process.stdout,
      env: { ...env, ...(count && { LLOYAL_RUNS: `${count}` }) },
    };
    failed = (await run(command, args, options)).exitCode !== 0 || failed;
  }
  console.log(`\n${name} ${failed ? "failed" : "passed"}`);
  return stepCounts(failed ? 1 : 0);
}
