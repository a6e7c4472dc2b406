const silentMs = 1_000;
const plainLineEveryMs = 10_000;

/**
 * Shows a step on stderr while it runs: one line updated in place on a terminal, a line now and then elsewhere.
 * A step that is over within a second shows nothing, so a second run of the set-up is silent.
 *
 * @template T
 * @param {string} name
 * @param {(say: (text: string) => void) => Promise<T>} body - says what it is doing; what it says last stays
 * @returns {Promise<T>}
 */
export async function withStep(name, body) {
  const line = createLine(name, process.stderr);
  const timer = setInterval(() => line.tick(Date.now()), 100);
  try {
    const result = await body(line.say);
    line.end(Date.now());
    return result;
  } finally {
    clearInterval(timer);
    line.clear();
  }
}

/**
 * @param {string} name
 * @param {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} stream
 */
export function createLine(name, stream, beganAt = Date.now()) {
  let text = "";
  let printed = "";
  let printedAt = 0;
  /** @param {number} now */
  const compose = (now) => `${name.padEnd(10)}  ${text}  ${Math.round((now - beganAt) / 1000)} s`;

  return {
    /** @param {string} next */
    say(next) {
      text = next;
    },
    /** @param {number} now */
    tick(now) {
      if (now - beganAt < silentMs) return;
      if (!stream.isTTY && printedAt && now - printedAt < plainLineEveryMs) return;
      const line = compose(now).slice(0, (stream.columns || 80) - 1); // a line that wraps cannot be updated in place
      if (line === printed) return;
      stream.write(stream.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
      printed = line;
      printedAt = now;
    },
    /** @param {number} now */
    end(now) {
      if (!printed) return;
      this.clear();
      stream.write(`${compose(now)}\n`);
    },
    /** Takes an unfinished line off the terminal, before anything else is written. */
    clear() {
      if (printed && stream.isTTY) stream.write("\r\x1b[2K");
      printed = "";
    },
  };
}
