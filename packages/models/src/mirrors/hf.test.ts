import { readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testClock } from "../../test/clocks.ts";
import { createSandbox, entryFor, failure, ggufBytes, identityOf, type Sandbox } from "../../test/fixture.ts";
import { type Exchange, type ModelServer, redirect, sendFile, startServer } from "../../test/model-server.ts";
import { chooseModel } from "../choose-model.ts";
import { ensureModel } from "../ensure-model.ts";
import type { ModelEntry } from "../model-entry.ts";
import type { ModelProgress, OnModelProgress } from "../progress.ts";

const token = "hf_canary";
const file = "/owner/name/resolve/main/folder/tiny%20%231%3F.gguf";

// The hub redirects to a store of its own, which lies at another origin.
let sandbox: Sandbox;
let hub: ModelServer;
let store: ModelServer;
let answer: (exchange: Exchange) => void;
let storeAnswer: (exchange: Exchange) => void;
beforeEach(async () => {
  sandbox = await createSandbox();
  hub = await startServer((exchange) => answer(exchange));
  store = await startServer((exchange) => storeAnswer(exchange));
  answer = (exchange) => redirect(exchange, `${store.origin}/blob?signature=x`, statedFor(ggufBytes));
  storeAnswer = (exchange) => sendFile(exchange, ggufBytes);
});
afterEach(async () => {
  await hub.close();
  await store.close();
  await sandbox.remove();
});

function statedFor(bytes: Buffer): Record<string, string> {
  return { "x-linked-etag": `"${identityOf(bytes).sha256}"`, "x-linked-size": `${bytes.length}` };
}

function entry(changes: Partial<ModelEntry> = {}): ModelEntry {
  const mirrors = [{ kind: "hf", repo: "owner/name", file: "folder/tiny #1?.gguf" }] as const;
  return entryFor(ggufBytes, { mirrors, ...changes });
}

const unpinned = () => entry({ pinned: undefined });

function ensure(wanted: ModelEntry, env: Record<string, string> = {}, onProgress?: OnModelProgress): Promise<string> {
  const all = { ...sandbox.env, HF_ENDPOINT: hub.origin, ...env };
  return ensureModel("tiny", { catalogue: [wanted], env: all, clock: testClock(), onProgress });
}

it("a file comes from where the hub sends us", async () => {
  expect(await readFile(await ensure(entry()))).toEqual(ggufBytes);
  expect(hub.asked.map(({ path }) => path)).toEqual([file]);
  expect(store.asked.map(({ path }) => path)).toEqual(["/blob?signature=x"]);
});

it.each(["/", "/api/models/", ""])("HF_ENDPOINT may end in %j", async (end) => {
  await ensure(entry(), { HF_ENDPOINT: `${hub.origin}${end}` });
  expect(hub.asked[0]!.path).toBe(end.replace(/\/$/, "") + file);
});

it("HF_ENDPOINT must be an address, and a safe one", async () => {
  expect((await failure(ensure(entry(), { HF_ENDPOINT: "hub" }))).message).toContain("HF_ENDPOINT is no address");
  const plain = await failure(ensure(entry(), { HF_ENDPOINT: "http://hub.invalid" }));
  expect(plain.message).toContain("is not an https address");
});

it("the token goes to the hub and to no other origin", async () => {
  await ensure(entry(), { HF_TOKEN: token });
  expect(hub.asked.map(({ authorization }) => authorization)).toEqual([`Bearer ${token}`]);
  expect(store.asked.map(({ authorization }) => authorization)).toEqual([undefined]);
});

it("the token may end in a line break, as a file with it does", async () => {
  await ensure(entry(), { HF_TOKEN: `${token}\n` });
  expect(hub.asked.map(({ authorization }) => authorization)).toEqual([`Bearer ${token}`]);
});

it("the token stays with the hub as long as the hub redirects to itself", async () => {
  answer = (exchange) => redirect(exchange, exchange.index === 0 ? "/renamed" : `${store.origin}/blob`);
  await ensure(entry(), { HF_TOKEN: token });
  expect(hub.asked.map(({ authorization }) => authorization)).toEqual([`Bearer ${token}`, `Bearer ${token}`]);
  expect(store.asked.map(({ authorization }) => authorization)).toEqual([undefined]);
});

it("the token is not sent to the hub again by whom the hub redirected to", async () => {
  answer = (exchange) => {
    if (exchange.index === 0) redirect(exchange, `${store.origin}/blob`);
    else sendFile(exchange, ggufBytes);
  };
  storeAnswer = (exchange) => redirect(exchange, `${hub.origin}/chosen-by-the-store`);
  await ensure(entry(), { HF_TOKEN: token });
  expect(hub.asked.map(({ authorization }) => authorization)).toEqual([`Bearer ${token}`, undefined]);
});

it("the token is in no error", async () => {
  answer = ({ response }) => response.writeHead(403).end();
  const error = await failure(ensure(entry(), { HF_TOKEN: token }));
  expect(JSON.stringify([error.message, error.facts, error.stack])).not.toContain(token);
});

it("a model that must be asked for says how", async () => {
  answer = ({ response }) => response.writeHead(401).end();
  expect((await failure(ensure(entry()))).message).toMatch(/it answered 401.*HF_TOKEN/);
});

it("a file that is not the pinned one is refused before a byte is stored", async () => {
  const other = Buffer.concat([ggufBytes, ggufBytes]);
  answer = (exchange) => redirect(exchange, `${store.origin}/blob`, statedFor(other));
  storeAnswer = ({ response }) => response.writeHead(200).flushHeaders(); // and never a byte
  expect((await failure(ensure(entry()))).message).toContain(`SHA-256 ${identityOf(other).sha256}`);
});

it.each([
  ["nothing", {}],
  ["a wrong size", { ...statedFor(ggufBytes), "x-linked-size": "1" }],
])("a hub that states %s does not matter where the file is pinned", async (_what, headers) => {
  answer = (exchange) => redirect(exchange, `${store.origin}/blob`, headers);
  expect(await readFile(await ensure(entry()))).toEqual(ggufBytes);
});

it("without a pinned digest the hub's own is checked", async () => {
  expect(await readFile(await ensure(unpinned()))).toEqual(ggufBytes);
  const wrong = Buffer.from(ggufBytes);
  wrong[1_000]! ^= 1;
  await sandbox.clear();
  storeAnswer = (exchange) => sendFile(exchange, wrong);
  expect((await failure(ensure(unpinned()))).message).toContain("its SHA-256 is");
  expect(await sandbox.cachedFiles()).toEqual([]);
});

it.each([
  ["nothing", {}],
  ["a digest of git", { "x-linked-etag": `"${"a".repeat(40)}"`, "x-linked-size": "4008" }],
  ["no size", { "x-linked-etag": `"${"a".repeat(64)}"` }],
])("without a pinned digest nothing is fetched where the hub states %s", async (_what, headers) => {
  answer = (exchange) => redirect(exchange, `${store.origin}/blob`, headers as Record<string, string>);
  expect((await failure(ensure(unpinned()))).message).toContain("states no SHA-256");
  expect(await sandbox.cachedFiles()).toEqual([]);
});

it("without a pinned digest nobody but the hub is believed", async () => {
  answer = (exchange) => redirect(exchange, `${store.origin}/blob`);
  storeAnswer = (exchange) => sendFile(exchange, ggufBytes, { headers: statedFor(ggufBytes) });
  expect((await failure(ensure(unpinned()))).message).toContain("states no SHA-256");
});

it("without a pinned digest a model is cached, chosen and not fetched again", async () => {
  const wanted = unpinned();
  const path = await ensure(wanted);
  expect(basename(path)).toMatch(/^[0-9a-f]{12}-tiny\.gguf$/);
  expect(await ensure(wanted)).toBe(path);
  expect(hub.asked).toHaveLength(1);
  const choice = { catalogue: [wanted, entryFor(ggufBytes, { name: "qwen2.5-coder-0.5b" })], env: sandbox.env };
  expect(await chooseModel({ ...choice, memoryBytes: 2 ** 33 })).toBe(wanted);
  await rm(path);
  expect((await chooseModel({ ...choice, memoryBytes: 2 ** 33 })).name).toBe("qwen2.5-coder-0.5b");
});

it("without a pinned digest a release that appears meanwhile is fetched whole", async () => {
  const newer = Buffer.from(ggufBytes).fill(9, 2_000);
  storeAnswer = (exchange) => sendFile(exchange, ggufBytes, { cutAt: 1_000 });
  answer = (exchange) => {
    if (exchange.index === 0) return redirect(exchange, `${store.origin}/blob`, statedFor(ggufBytes));
    storeAnswer = (later) => sendFile(later, newer); // under the same ETag, as if the store had not noticed
    redirect(exchange, `${store.origin}/blob`, statedFor(newer));
  };
  let verified = 0;
  const onProgress = ({ phase }: ModelProgress) => {
    if (phase === "verify") verified++;
  };
  expect(await readFile(await ensure(unpinned(), {}, onProgress))).toEqual(newer);
  expect(store.asked.map(({ range }) => range)).toEqual([undefined, "bytes=1000-", undefined]);
  expect(verified).toBe(1); // bytes of two releases were not even joined
});

it("without a pinned digest only the hub is asked", async () => {
  const wanted = entry({ pinned: undefined, mirrors: [{ kind: "https", url: `${store.origin}/blob` }] });
  expect((await failure(ensure(wanted))).message).toContain("only the hub states one");
  expect(store.asked).toEqual([]);
});
