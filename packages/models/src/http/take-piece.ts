import type { Clock } from "../clock.ts";
import type { MirrorJob } from "../mirrors/mirror-job.ts";
import { writeModel } from "../mirrors/write-model.ts";
import type { FileIdentity } from "../model-entry.ts";
import { beginPartial, type PartialDownload, readPartial } from "../partial.ts";
import { judgeReply, type Verdict } from "./judge-reply.ts";
import { type Hop, openUrl } from "./open-url.ts";
import { pauseMaxMs, retryAfterMs, TransientError } from "./retry.ts";
import { unlessStalled } from "./stall.ts";

export interface UrlSource {
  url: URL;
  authorization?: string;
  /** What the other side itself says the file is, by its answers on the way to the bytes. */
  identify?: (hops: readonly Hop[]) => FileIdentity | undefined;
}

const magic = Buffer.from("GGUF");

/**
 * Asks once for what is still missing and appends what comes to the job's folder.
 *
 * @returns what the file must be, once all its bytes are there
 * @throws Error; what has come stays, unless the other side has another version by now
 */
export async function takePiece(source: UrlSource, job: MirrorJob): Promise<FileIdentity> {
  const held = await readPartial(job.folder);
  if (held && held.bytes === held.identity.sizeBytes) return held.identity;
  return unlessStalled(job, async (signal, onBytes) => {
    const headers = { "user-agent": "lloyal-models", "accept-encoding": "identity", ...rangeAfter(held) };
    const reply = await openUrl(source.url, { headers, authorization: source.authorization, signal });
    const identity = agreed(job.pinned, source.identify?.(reply.hops));
    const verdict = judgeReply(reply, held, identity);
    const chunks = counted(reply.body, onBytes);
    if (verdict.kind === "append") return writeRest(chunks, held!.bytes, identity!, job);
    if (verdict.kind === "whole") {
      const model = await onlyGguf(chunks, reply.headers["content-type"]);
      if (verdict.wrongLength) throw new Error(verdict.wrongLength);
      // Only now: a login page must not take the place of what is held.
      await beginPartial(job.folder, strong(reply.headers.etag), identity!);
      return writeRest(model, 0, identity!, job);
    }
    if (verdict.kind === "anew") await beginPartial(job.folder, undefined, identity!);
    throw failureOf(verdict, job.clock);
  });
}

function rangeAfter(held: PartialDownload | undefined): Record<string, string> {
  return held ? { range: `bytes=${held.bytes}-`, "if-range": held.etag } : {};
}

/** What is pinned holds. Where the other side states another digest, its bytes need not be fetched to know them wrong. */
function agreed(pinned: FileIdentity | undefined, stated: FileIdentity | undefined): FileIdentity | undefined {
  if (pinned && stated && pinned.sha256 !== stated.sha256) {
    throw new Error(`it has a file with SHA-256 ${stated.sha256}, not the expected ${pinned.sha256}`);
  }
  return pinned ?? stated;
}

function failureOf(verdict: Exclude<Verdict, { kind: "append" | "whole" }>, clock: Clock): Error {
  if (verdict.kind === "refused") return new Error(verdict.reason);
  const askedMs = retryAfterMs(verdict.kind === "later" ? verdict.retryAfter : undefined, clock.now());
  if (askedMs === undefined || askedMs <= pauseMaxMs) return new TransientError(verdict.reason, askedMs);
  return new Error(`${verdict.reason} and asks for ${Math.ceil(askedMs / 1000)} s of patience`);
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** The chunks, once the first bytes have been seen to be those of a GGUF. */
async function onlyGguf(
  chunks: AsyncGenerator<Uint8Array, void>,
  contentType = "of no stated type",
): Promise<AsyncIterable<Uint8Array>> {
  let head = Buffer.alloc(0);
  while (head.length < magic.length) {
    const { value } = await chunks.next();
    if (!value) break;
    head = Buffer.concat([head, value]);
  }
  if (!head.subarray(0, magic.length).equals(magic)) throw new Error(`it is not a GGUF file (${contentType})`);
  return (async function* () {
    yield head;
    yield* chunks;
  })();
}

async function writeRest(
  chunks: AsyncIterable<Uint8Array>,
  from: number,
  identity: FileIdentity,
  job: MirrorJob,
): Promise<FileIdentity> {
  const bytes = await writeModel(chunks, "download", job, { sizeBytes: identity.sizeBytes, from });
  if (bytes === identity.sizeBytes) return identity;
  throw new TransientError(`it ended after ${bytes} of ${identity.sizeBytes} bytes`);
}

/** Weak ETags promise the same meaning, not the same bytes. */
function strong(etag: string | undefined): string | undefined {
  return etag?.startsWith('"') ? etag : undefined;
}
