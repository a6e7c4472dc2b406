// Ends while native code is at work, with status 7. Plain JavaScript over the addon itself, because tsx does not reach
// into workers. Arguments: what exits.test.ts gives, as JSON.
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const plan = isMainThread ? JSON.parse(process.argv[2]) : workerData;

if (isMainThread && plan.place !== "main") {
  const worker = new Worker(new URL(import.meta.url), { workerData: plan });
  worker.on("exit", (code) => process.exit(plan.place === "terminated" ? 7 : code));
  if (plan.place === "terminated") worker.on("message", () => worker.terminate());
} else {
  await begin();
  await setTimeout(plan.delayMs);
  if (plan.place === "terminated") {
    const { parentPort } = await import("node:worker_threads");
    parentPort.postMessage("now");
  } else process.exit(7);
}

async function outAndBack(context, sequence) {
  for (;;) context.close(await context.restore(await context.save(sequence, 0), undefined));
}

/** Starts what shall be under way when the end comes. */
async function begin() {
  const { addon, load, options, sampling, moment } = plan;
  const loading = createRequire(import.meta.url)(addon).loadModel(load).promise;
  if (moment === "load") return;
  const creating = (await loading).createContext(options);
  if (moment === "create") return;
  const context = await creating;
  const sequence = context.open(sampling, undefined);
  const prefill = context.prefill([sequence], [new Int32Array(6000).fill(7)], [0]);
  if (moment === "save and restore") {
    await prefill;
    void outAndBack(context, sequence);
  }
  if (moment === "dispose") void context.dispose();
}
