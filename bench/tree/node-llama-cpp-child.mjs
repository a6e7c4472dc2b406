// A process of its own: `node node-llama-cpp-child.mjs FOLDER < job.json`, with the package in FOLDER. It prints a run.
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const [folder = ""] = process.argv.slice(2);
const { workload, modelPath, threads, generatedPerTurn, contextSize } = await json(process.stdin);
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(join(folder, "dist", "index.js")).href);

const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  progressLogs: false,
  logLevel: LlamaLogLevel.error,
  maxThreads: threads,
});
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ sequences: workload.agents, contextSize, batchSize: 512, threads });
const sequences = workload.deltas.map(() => context.getSequence());
// Pages the weights in.
await take(sequences[0], [1, 2, 3, 4, 5, 6, 7, 8], 2);
await sequences[0].clearHistory();
const before = sequences.map(usage);

const start = performance.now();
const generated = await Promise.all(
  sequences.map(async (sequence, agent) => {
    let count = 0;
    let pending = [...workload.spineTokens];
    for (const delta of workload.deltas[agent]) {
      const tokens = await take(sequence, [...pending, ...delta], generatedPerTurn);
      count += tokens.length;
      pending = tokens.slice(-1);
    }
    return count;
  }),
);
const wallMs = performance.now() - start;

let [read, written] = [0, 0];
for (const [agent, sequence] of sequences.entries()) {
  read += usage(sequence).read - before[agent].read;
  written += usage(sequence).written - before[agent].written;
}
const sum = generated.reduce((a, b) => a + b, 0);
process.stdout.write(JSON.stringify({ wallMs, read, written, generated: sum }));
// Its threads would hold the process open.
process.exit(0);

/** The tokens that follow, end of text among them. The last of them is not written into the cache. */
async function take(sequence, tokens, count) {
  const taken = [];
  for await (const token of sequence.evaluate(tokens, { temperature: 0, yieldEogToken: true })) {
    taken.push(token);
    if (taken.length === count) break;
  }
  return taken;
}

/** By its own meter. */
function usage({ tokenMeter }) {
  return { read: tokenMeter.usedInputTokens, written: tokenMeter.usedOutputTokens };
}
