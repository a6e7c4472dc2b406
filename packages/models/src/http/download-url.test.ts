import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { testClock } from "../../test/clocks.ts";
import { createSandbox, entryFor, failure, ggufBytes, type Sandbox } from "../../test/fixture.ts";
import { type Exchange, type ModelServer, redirect, sendFile, startServer } from "../../test/model-server.ts";
import { type EnsureModelOptions, ensureModel } from "../ensure-model.ts";
import type { Mirror } from "../model-entry.ts";
import type { ModelProgress } from "../progress.ts";
import { fruitlessMax } from "./retry.ts";

let sandbox: Sandbox;
let server: ModelServer;
let answer: (exchange: Exchange) => void;
let clock = testClock();
beforeEach(async () => {
  sandbox = await createSandbox();
  server = await startServer((exchange) => answer(exchange));
  clock = testClock();
});
afterEach(async () => {
  await server.close();
  await sandbox.remove();
});

const whole = ggufBytes;

function ensure(bytes = whole, options: EnsureModelOptions & { mirrors?: Mirror[] } = {}): Promise<string> {
  const { mirrors = [{ kind: "https", url: `${server.origin}/tiny.gguf` }], ...rest } = options;
  return ensureModel("tiny", { catalogue: [entryFor(bytes, { mirrors })], env: sandbox.env, clock, ...rest });
}

async function reason(bytes = whole): Promise<string> {
  const error = await failure(ensure(bytes));
  expect(error.code).toBe("MODEL_DOWNLOAD_FAILED");
  expect(await sandbox.cachedFiles()).toEqual([]);
  return error.message;
}

/** A run that brings the first bytes, then is given up. They stay on the shelf. */
async function bringFirst(bytes: number): Promise<void> {
  answer = (exchange) =>
    exchange.index === 0 ? sendFile(exchange, whole, { cutAt: bytes }) : exchange.response.writeHead(404).end();
  await failure(ensure());
  server.asked.length = 0;
}

describe("a download that is cut", () => {
  it("goes on at that byte, whichever it is", { timeout: 60_000 }, async () => {
    const small = whole.subarray(0, 200);
    for (let cut = 0; cut <= small.length; cut++) {
      server.asked.length = 0;
      answer = (exchange) => sendFile(exchange, small, exchange.index === 0 ? { cutAt: cut } : {});
      const path = await ensure(small);
      expect(await readFile(path), `cut at ${cut}`).toEqual(small);
      expect(await sandbox.cachedFiles(), `cut at ${cut}`).toEqual([path]);
      // The first four bytes are looked at before any is stored, and after the last nothing is left to ask for.
      const goesOn = cut >= 4 ? `bytes=${cut}-` : undefined;
      const ranges = server.asked.map(({ range }) => range);
      expect(ranges, `cut at ${cut}`).toEqual(cut === small.length ? [undefined] : [undefined, goesOn]);
      await sandbox.clear();
    }
  });

  it("goes on in the next run", async () => {
    await bringFirst(1_000);
    answer = (exchange) => sendFile(exchange, whole);
    const progress: number[] = [];
    const path = await ensure(whole, {
      onProgress: ({ phase, bytes }) => phase === "download" && progress.push(bytes),
    });
    expect(await readFile(path)).toEqual(whole);
    expect(server.asked).toMatchObject([{ range: "bytes=1000-", ifRange: '"v1"' }]);
    expect(progress[0]).toBeGreaterThan(1_000);
    expect(progress.at(-1)).toBe(whole.length);
    expect(await sandbox.cachedFiles()).toEqual([path]);
  });

  it("goes on after it was stopped by the caller", async () => {
    const controller = new AbortController();
    answer = (exchange) => sendFile(exchange, whole, { hangAt: 2_000 });
    const options = { signal: controller.signal, onProgress: () => controller.abort(), onMirrorFailed: vi.fn() };
    expect((await failure(ensure(whole, options))).code).toBe("CANCELLED");
    expect(options.onMirrorFailed).not.toHaveBeenCalled();
    answer = (exchange) => sendFile(exchange, whole);
    expect(await readFile(await ensure())).toEqual(whole);
    expect(server.asked.at(-1)!.range).toBe("bytes=2000-");
  });

  it("is only verified when nothing but that was missing", async () => {
    const controller = new AbortController();
    answer = (exchange) => sendFile(exchange, whole);
    const onProgress = ({ phase }: { phase: string }) => phase === "verify" && controller.abort();
    await failure(ensure(whole, { signal: controller.signal, onProgress }));
    server.asked.length = 0;
    expect(await readFile(await ensure())).toEqual(whole);
    expect(server.asked).toEqual([]);
  });

  it("starts anew where the server sends the whole in place of a part", async () => {
    await bringFirst(1_000);
    answer = (exchange) => sendFile(exchange, whole, { ignoreRange: true });
    expect(await readFile(await ensure())).toEqual(whole);
    expect(server.asked).toHaveLength(1);
  });

  it("starts anew where the server has another version, if it respects If-Range", async () => {
    await bringFirst(1_000);
    answer = (exchange) => sendFile(exchange, whole, { etag: '"v2"' });
    expect(await readFile(await ensure())).toEqual(whole);
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    [
      "a part of another version",
      206,
      { etag: '"v2"', "content-range": `bytes 1000-${whole.length - 1}/${whole.length}` },
    ],
    ["another part", 206, { "content-range": `bytes 999-${whole.length - 1}/${whole.length}` }],
    ["a part of no stated place", 206, {}],
    ["a part of a longer file", 206, { "content-range": `bytes 1000-${whole.length}/${whole.length + 1}` }],
    ["that there is no such part", 416, {}],
  ])("starts anew where the server sends %s", async (_what, status, headers) => {
    await bringFirst(1_000);
    answer = (exchange) => {
      if (exchange.index > 0) return sendFile(exchange, whole);
      exchange.response.writeHead(status, headers).end(Buffer.alloc(whole.length - 1_000));
    };
    let verified = 0;
    const onProgress = ({ phase }: ModelProgress) => {
      if (phase === "verify") verified++;
    };
    expect(await readFile(await ensure(whole, { onProgress }))).toEqual(whole);
    expect(server.asked.map(({ range }) => range)).toEqual(["bytes=1000-", undefined]);
    expect(verified).toBe(1); // what it sent was not even joined
  });

  it.each(["", 'W/"v1"'])("starts anew where the server names no version by its bytes (ETag %j)", async (etag) => {
    answer = (exchange) => sendFile(exchange, whole, exchange.index === 0 ? { etag, cutAt: 1_000 } : {});
    expect(await readFile(await ensure())).toEqual(whole);
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, undefined]);
  });

  it("is fetched once more, whole, where its pieces do not fit together", async () => {
    const other = Buffer.from(whole);
    other[500]! ^= 1; // the server changes the file and keeps the ETag
    answer = (exchange) =>
      exchange.index === 0 ? sendFile(exchange, other, { cutAt: 1_000 }) : sendFile(exchange, whole);
    expect(await readFile(await ensure())).toEqual(whole);
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, "bytes=1000-", undefined]);
  });

  it("keeps what it has where a login page comes instead of the rest", async () => {
    await bringFirst(1_000);
    answer = ({ response }) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Please log in</html>");
    await failure(ensure());
    server.asked.length = 0;
    answer = (exchange) => sendFile(exchange, whole);
    expect(await readFile(await ensure())).toEqual(whole);
    expect(server.asked.map(({ range }) => range)).toEqual(["bytes=1000-"]);
  });

  it("leaves nothing of itself when another mirror brings the model", async () => {
    const copy = join(sandbox.folder, "copy.gguf");
    await sandbox.write(copy, whole);
    answer = (exchange) =>
      exchange.index === 0 ? sendFile(exchange, whole, { cutAt: 1_000 }) : exchange.response.writeHead(404).end();
    const mirrors: Mirror[] = [
      { kind: "https", url: `${server.origin}/tiny.gguf` },
      { kind: "file", path: copy },
    ];
    const failures: unknown[] = [];
    const path = await ensure(whole, { mirrors, onMirrorFailed: (failed) => failures.push(failed) });
    expect(await sandbox.cachedFiles()).toEqual([path]);
    expect(failures).toEqual([{ mirror: `${server.origin}/tiny.gguf`, reason: "it answered 404" }]);
  });

  it("leaves nothing of itself when another mirror brings the model in a later run", async () => {
    await bringFirst(1_000);
    const copy = join(sandbox.folder, "copy.gguf");
    await sandbox.write(copy, whole);
    const path = await ensure(whole, { mirrors: [{ kind: "file", path: copy }] });
    expect(await sandbox.cachedFiles()).toEqual([path]);
  });
});

describe("a connection that brings nothing", () => {
  it("is ended after a while, and the download goes on", async () => {
    answer = (exchange) => sendFile(exchange, whole, exchange.index === 0 ? { hangAt: 1_000 } : {});
    const path = ensure(whole, { onProgress: ({ bytes }) => bytes === 1_000 && clock.passWindow() });
    expect(await readFile(await path)).toEqual(whole);
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, "bytes=1000-"]);
  });

  it("is ended too where much has come before", async () => {
    const large = Buffer.concat([whole, Buffer.alloc(300_000, 5)]);
    answer = (exchange) => sendFile(exchange, large, exchange.index === 0 ? { hangAt: 200_000 } : {});
    let silent = false;
    const onProgress = ({ bytes }: ModelProgress) => {
      if (bytes !== 200_000 || silent) return;
      silent = true;
      clock.passWindow(); // one in which much came, and one in which nothing comes
      setImmediate(() => clock.passWindow());
    };
    expect(await readFile(await ensure(large, { onProgress }))).toEqual(large);
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, "bytes=200000-"]);
  });

  it("is ended too where not even headers come", async () => {
    answer = (exchange) => (exchange.index === 0 ? clock.passWindow() : sendFile(exchange, whole));
    expect(await readFile(await ensure())).toEqual(whole);
  });

  it("is not ended while bytes come", async () => {
    const large = Buffer.concat([whole, Buffer.alloc(300_000, 5)]);
    answer = ({ response }) => {
      response.writeHead(200, { "content-length": large.length });
      response.write(large.subarray(0, 200_000));
      setImmediate(() => response.end(large.subarray(200_000)));
    };
    let passed = false;
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes < 100_000 || passed) return;
      passed = true;
      clock.passWindow();
    };
    expect(await readFile(await ensure(large, { onProgress }))).toEqual(large);
    expect(server.asked).toHaveLength(1);
  });
});

describe("a server that is busy", () => {
  it.each([408, 429, 500, 502, 503, 504])("with %i is asked again, after longer and longer pauses", async (status) => {
    answer = (exchange) => {
      if (exchange.index < 4) exchange.response.writeHead(status).end();
      else sendFile(exchange, whole);
    };
    expect(await readFile(await ensure())).toEqual(whole);
    expect(clock.pauses).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it("is given up at last", async () => {
    answer = ({ response }) => response.writeHead(429).end();
    expect(await reason()).toContain(`it answered 429 (given up after ${fruitlessMax} attempts)`);
    expect(server.asked).toHaveLength(fruitlessMax);
  });

  it.each([
    ["20", 20_000],
    ["Thu, 01 Jan 2026 00:00:40 GMT", 40_000],
    ["60", 60_000],
    ["Thu, 01 Jan 2025 00:00:00 GMT", 1_000],
    ["soon", 1_000],
  ])("may ask for a pause (Retry-After: %s)", async (header, pause) => {
    answer = (exchange) => {
      if (exchange.index === 0) exchange.response.writeHead(503, { "retry-after": header }).end();
      else sendFile(exchange, whole);
    };
    await ensure();
    expect(clock.pauses).toEqual([pause]);
  });

  it("is left at once when it asks for more than a minute", async () => {
    answer = ({ response }) => response.writeHead(429, { "retry-after": "61" }).end();
    expect(await reason()).toContain("it answered 429 and asks for 61 s of patience");
    expect(server.asked).toHaveLength(1);
  });

  it("may be stopped waiting for", async () => {
    const controller = new AbortController();
    answer = ({ response }) => {
      controller.abort();
      response.writeHead(429).end();
    };
    expect((await failure(ensure(whole, { signal: controller.signal }))).code).toBe("CANCELLED");
    expect(server.asked).toHaveLength(1);
  });
});

describe("a server that has something else", () => {
  it.each([401, 403, 404, 410, 418])("is given up at once with %i", async (status) => {
    answer = ({ response }) => response.writeHead(status).end();
    expect(await reason()).toContain(`it answered ${status}`);
    expect(server.asked).toHaveLength(1);
  });

  it("is refused before its bytes are read when it states more of them", async () => {
    answer = ({ response }) => {
      response.writeHead(200, { "content-length": 10_000_000_000_000 });
      response.flushHeaders(); // and never a byte
    };
    expect(await reason()).toContain(`it has 10000000000000 bytes, not the expected ${whole.length}`);
  });

  it("is refused before its bytes are stored when it states fewer", async () => {
    answer = (exchange) => sendFile(exchange, whole.subarray(0, 1_000));
    expect(await reason()).toContain(`it has 1000 bytes, not the expected ${whole.length}`);
    expect(server.asked).toHaveLength(1);
  });

  it("is refused when it sends more than it should, of no stated length", async () => {
    answer = ({ response }) => {
      response.writeHead(200);
      response.end(Buffer.concat([whole, Buffer.from("x")]));
    };
    expect(await reason()).toContain(`more than the expected ${whole.length} bytes`);
  });

  it("is asked again when it ends early, of no stated length", async () => {
    answer = ({ response }) => {
      response.writeHead(200);
      response.end(whole.subarray(0, 1_000));
    };
    expect(await reason()).toContain(`it ended after 1000 of ${whole.length} bytes`);
    expect(server.asked).toHaveLength(fruitlessMax);
  });

  it.each([
    ["text/html; charset=utf-8", "<!doctype html><title>Log in</title>"],
    ["application/json", "{}"],
    ["text/plain", ""],
  ])("is refused as no GGUF (%s)", async (type, text) => {
    answer = ({ response }) => response.writeHead(200, { "content-type": type }).end(text);
    expect(await reason()).toContain(`it is not a GGUF file (${type})`);
    expect(server.asked).toHaveLength(1);
  });

  it("never gives its bytes the model's name", async () => {
    const wrong = Buffer.from(whole);
    wrong[2_000]! ^= 1;
    answer = (exchange) => sendFile(exchange, wrong);
    expect(await reason()).toContain("its SHA-256 is");
    expect(server.asked).toHaveLength(1);
  });

  it("is refused when it compresses, however well", async () => {
    answer = (exchange) => sendFile(exchange, whole, { headers: { "content-encoding": "gzip" } });
    expect(await reason()).toContain("compressed (gzip)");
  });

  it("is refused when it sends a part that nobody asked for", async () => {
    answer = ({ response }) =>
      response.writeHead(206, { "content-range": `bytes 0-${whole.length - 1}/${whole.length}` }).end(whole);
    expect(await reason()).toContain("a part where the whole was asked for");
  });
});

describe("a redirect", () => {
  const to = (location: string) => {
    answer = (exchange) => redirect(exchange, location);
    return reason();
  };

  it("is followed to another address", async () => {
    answer = (exchange) =>
      exchange.request.url === "/elsewhere" ? sendFile(exchange, whole) : redirect(exchange, "/elsewhere");
    expect(await readFile(await ensure())).toEqual(whole);
  });

  it.each([
    ["file:///etc/passwd", "file:// is not an https address"],
    ["ftp://127.0.0.1/x.gguf", "ftp://127.0.0.1 is not an https address"],
    ["http://models.invalid/x.gguf", "http://models.invalid is not an https address"],
    ["http://169.254.169.254/latest", "http://169.254.169.254 is not an https address"],
    ["http://[::ffff:10.0.0.1]/x", "http://[::ffff:a00:1] is not an https address"],
    ["https://user:secret@models.invalid/", "the address at models.invalid carries a password"],
    ["http://[", "no address"],
  ])("to %s is refused, and nothing is sent there", async (location, words) => {
    expect(await to(location)).toContain(words);
    expect(server.asked).toHaveLength(1);
  });

  it("that never ends is given up", async () => {
    expect(await to("/again")).toContain("more than 5 redirects");
    expect(server.asked).toHaveLength(6);
  });
});

describe("an address", () => {
  const refused = async (url: string) => {
    const error = await failure(ensure(whole, { mirrors: [{ kind: "https", url }] }));
    return error.message;
  };

  it("must be https where it is not on this machine", async () => {
    expect(await refused("http://models.invalid/x.gguf")).toContain("is not an https address");
    expect(await refused("nonsense")).toContain("its address is none");
  });

  it("at which nobody listens is left at once for the next mirror", async () => {
    await server.close();
    const error = await failure(ensure());
    expect(error.message).toContain("ECONNREFUSED");
    expect(clock.pauses).toEqual([]);
  });

  it("is named in errors without what follows its path", async () => {
    expect(await refused("http://models.invalid/x.gguf?key=secret")).not.toContain("secret");
  });
});

it("a network that went away is waited for, once it was there", async () => {
  answer = (exchange) => sendFile(exchange, whole, { cutAt: 1_000 });
  const { origin } = server;
  const ensuring = ensure();
  clock.onPause = async () => {
    if (clock.pauses.length === 1) await server.close();
    if (clock.pauses.length < 3) return;
    answer = (exchange) => sendFile(exchange, whole);
    server = await startServer((exchange) => answer(exchange), Number(new URL(origin).port));
  };
  expect(await readFile(await ensuring)).toEqual(whole);
  expect(clock.pauses).toHaveLength(3);
  expect(server.asked.map(({ range }) => range)).toEqual(["bytes=1000-"]);
});

it.each([404, 503])("no connection is left when a download ends, after a %i without an end", async (status) => {
  answer = (exchange) => {
    if (exchange.index > 0) return sendFile(exchange, whole);
    exchange.response.writeHead(status).flushHeaders();
  };
  await ensure().catch(() => {});
  await vi.waitFor(async () => expect(await server.connections()).toBe(0));
});

it("no connection is left of a redirect, nor of a download that stalled", async () => {
  answer = (exchange) => {
    if (exchange.index > 0) return sendFile(exchange, whole, exchange.index === 1 ? { hangAt: 1_000 } : {});
    exchange.response.writeHead(302, { location: "/elsewhere" }).flushHeaders(); // and an answer without an end
  };
  const onProgress = async ({ bytes }: ModelProgress) => {
    if (bytes !== 1_000) return;
    await vi.waitFor(async () => expect(await server.connections()).toBe(1));
    clock.passWindow();
  };
  await ensure(whole, { onProgress });
  await vi.waitFor(async () => expect(await server.connections()).toBe(0));
});

it("two versions of an entry never share what was fetched", async () => {
  await bringFirst(1_000);
  const other = Buffer.concat([whole, Buffer.from("!")]);
  answer = (exchange) => sendFile(exchange, other);
  await ensure(other);
  expect(server.asked.map(({ range }) => range)).toEqual([undefined]);
});
