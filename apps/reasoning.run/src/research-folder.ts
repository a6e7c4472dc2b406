import { closeSync, existsSync, openSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { createContext } from "@lloyal-labs/lloyal.node";
import { acquire, initAgents, traceRun } from "@lloyal-labs/lloyal-agents";
import { chooseModel, ensureModel } from "@lloyal-labs/models";
import {
  CorpusSource,
  chunkResources,
  loadResources,
  noteAgents,
  printable,
  readResources,
  renderPartialReport,
  renderReport,
  runPipeline,
} from "@lloyal-labs/rig";
import { InvalidArgumentError, type SessionContext } from "@lloyal-labs/sdk";
import { ensure, type Operation, scoped } from "effection";
import type { Args } from "./args.ts";
import { fitAgents } from "./fit-agents.ts";
import { jsonDocument } from "./json-document.ts";
import { createLiveLines } from "./live-lines.ts";

/** The whole command: model, corpus, pipeline, report. What it acquires is released when it ends, however. */
export function* researchFolder(args: Args): Operation<void> {
  const started = performance.now();
  const lines = createLiveLines(args.verbose);
  // Checked before anything slow: a wrong folder or too small a cache should not cost a model load.
  checkPaths(args);
  const resources = loadResources(args.corpus);
  readResources(resources);
  const agents = fitAgents(args.agents, args.nCtx);
  if (agents < args.agents) lines.say(`--n-ctx ${args.nCtx} has room for ${agents} of ${args.agents} agents at once.`);

  const model = yield* fetchModel(args.model, lines);
  const ctx = yield* openContext(model.path, args, lines.progress);
  const { nThreads, backend } = ctx.engine.capabilities;
  lines.say(`model ${model.name} on ${backend}, ${nThreads} threads, ${ctx.engine.capabilities.nCtx} cells`);

  const { store, events } = yield* initAgents(ctx);
  events.listen(lines.onEvent);
  if (args.trace) yield* writeTrace(args.trace, (write) => traceRun(store, events, write));
  const source = new CorpusSource(resources, chunkResources(resources));
  yield* source.bind({});
  const { corpus, chunks } = source.bound;
  lines.say(`corpus ${corpus.files.length} files, ${chunks.length} passages, ${corpus.skipped.length} skipped`);
  for (const { path, reason } of corpus.skipped) lines.say(`  skipped ${path}: ${reason}`);

  const { notes, stop } = noteAgents(events);
  yield* ensure(() => stop());
  const research = () =>
    runPipeline({
      query: args.query,
      source,
      agents,
      maxTurns: args.maxTurns,
      seed: args.seed,
      onStage: (stage) => lines.say(stage),
      ...(args.verbose && { onPlanText: (text: string) => process.stderr.write(printable(text)) }),
    });
  const result = yield* unlessItEndsEarly(research, (why) => {
    const found = renderPartialReport({ query: args.query, why, notes: notes(), source, model: model.name });
    if (found === undefined) return;
    writeWhole(args.output, found);
    lines.say(`what was found so far is in ${args.output}`);
  });

  const report = renderReport(result, {
    model: model.name,
    skipped: corpus.skipped.map(({ path, reason }) => `${path}: ${reason}`),
  });
  const facts = { model: model.name, backend, seed: args.seed, nCtx: ctx.engine.capabilities.nCtx };
  const document = jsonDocument(result, { ...facts, wallMs: performance.now() - started, stats: store.stats });
  process.stdout.write(args.json ? `${JSON.stringify(document, null, 2)}\n` : `\n${report}`);
  writeWhole(args.output, report);
  lines.say(`report in ${args.output}`);
}

/** Runs `body`; where it fails or is halted, calls `save` with the reason once everything inside it is torn down. */
function unlessItEndsEarly<T>(body: () => Operation<T>, save: (why: string) => void): Operation<T> {
  return scoped(function* () {
    let why: string | undefined = "interrupted";
    yield* ensure(() => {
      if (why !== undefined) save(why);
    });
    try {
      const result = yield* body();
      why = undefined;
      return result;
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
      throw error;
    }
  });
}

/** @throws InvalidArgumentError for an empty question, or a report or trace that could not be written at the end */
function checkPaths({ query, output, trace }: Args): void {
  if (query.trim() === "") throw new InvalidArgumentError("--query is empty.");
  for (const [option, path] of Object.entries({ "--output": output, "--trace": trace })) {
    if (path === undefined) continue;
    const folder = dirname(resolve(path));
    const writable = existsSync(folder) && !(existsSync(path) && statSync(path).isDirectory());
    if (!writable)
      throw new InvalidArgumentError(
        `${option} ${path} cannot be written.`,
        { option, path },
        "Name a file in a folder that exists.",
      );
  }
}

/** The model's file, and what people call it: its catalogue name, or the name of the file. */
function* fetchModel(
  asked: string | undefined,
  lines: { say(line: string): void; progress(line: string): void },
): Operation<{ path: string; name: string }> {
  return yield* acquire(
    async (signal) => {
      const model = asked ?? (await chooseModel()).name;
      const path = await ensureModel(model, {
        signal,
        onProgress: ({ phase, bytes, totalBytes }) =>
          lines.progress(`model ${phase} ${megabytes(bytes)} of ${megabytes(totalBytes)}`),
        onMirrorFailed: ({ mirror, reason }) => lines.say(`  ${mirror} did not bring the model: ${reason}`),
      });
      return { path, name: basename(model, ".gguf") };
    },
    () => {},
  );
}

function openContext(modelPath: string, args: Args, progress: (line: string) => void): Operation<SessionContext> {
  return acquire(
    (signal) =>
      createContext({
        modelPath,
        nCtx: args.nCtx,
        signal,
        onProgress: (share) => progress(`model loading ${Math.round(share * 100)} %`),
      }),
    (ctx) => ctx.dispose(),
  );
}

function* writeTrace(path: string, start: (write: (line: string) => void) => () => void): Operation<void> {
  const file = openSync(path, "w");
  const stop = start((line) => writeSync(file, line));
  yield* ensure(() => {
    stop();
    closeSync(file);
  });
}

/** A reader never sees half a report: it is written beside and renamed. */
function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "?" : `${Math.round(bytes / 1e6)} MB`;
}
