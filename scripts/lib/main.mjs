import { Problem } from "./problem.mjs";

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
// npm passes a Ctrl-C on that the terminal has already sent to everyone: within this time two are one.
const samePressMs = 1_000;
const modelError = Symbol.for("lloyal.inference-error");

/**
 * Runs a script's body with a signal that Ctrl-C aborts, and turns its end into an exit code. The first Ctrl-C lets
 * the body end its children and remove its temporary files; a second one does not wait.
 *
 * @param {(signal: AbortSignal) => Promise<number>} body - resolves to the exit code
 */
export async function runMain(body) {
  const controller = new AbortController();
  let pressedAt = 0;
  let interruptedCode = 0;
  /** @param {"SIGINT" | "SIGTERM" | "SIGHUP"} name */
  const onSignal = (name) => {
    interruptedCode = exitCodes[name];
    if (pressedAt && Date.now() - pressedAt > samePressMs) process.exit(interruptedCode);
    pressedAt ||= Date.now();
    controller.abort();
  };
  const names = /** @type {(keyof typeof exitCodes)[]} */ (Object.keys(exitCodes));
  for (const name of names) process.on(name, onSignal);
  try {
    process.exitCode = await body(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) console.error("Interrupted.");
    else if (error instanceof Problem || isModelError(error)) console.error(error.message);
    else throw error;
    process.exitCode = interruptedCode || (error instanceof Problem ? 1 : 3);
  } finally {
    for (const name of names) process.off(name, onSignal);
  }
}

/**
 * @param {unknown} error
 * @returns {error is Error}
 */
function isModelError(error) {
  return error instanceof Error && modelError in error;
}
