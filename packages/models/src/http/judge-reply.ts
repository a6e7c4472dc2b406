import type { IncomingHttpHeaders } from "node:http";
import type { FileIdentity } from "../model-entry.ts";
import type { PartialDownload } from "../partial.ts";

export type Verdict =
  /** The body is the rest of what is held. */
  | { kind: "append" }
  /** The body is the whole file. `wrongLength` is set where it is announced as too short. */
  | { kind: "whole"; wrongLength?: string }
  /** What is held belongs to another version: drop it, then ask again. */
  | { kind: "anew"; reason: string }
  /** The other side is busy. `retryAfter` is its own wish, as it came. */
  | { kind: "later"; reason: string; retryAfter?: string }
  | { kind: "refused"; reason: string };

const deniedStatus = [401, 403];
const laterStatus = [408, 425, 429, 500, 502, 503, 504];

/**
 * Says what an answer means to a download that holds some bytes, or none.
 *
 * @param identity - what the file must be; undefined where neither the catalogue nor the answer tells
 */
export function judgeReply(
  { status, headers }: { status: number; headers: IncomingHttpHeaders },
  held: PartialDownload | undefined,
  identity: FileIdentity | undefined,
): Verdict {
  if (laterStatus.includes(status)) {
    return { kind: "later", reason: `it answered ${status}`, retryAfter: headers["retry-after"] };
  }
  if (status === 416 && held) return { kind: "anew", reason: "it has no bytes after those that were fetched" };
  if (deniedStatus.includes(status))
    return refused(`it answered ${status}; the hub wants a token (HF_TOKEN) for some models`);
  if (status !== 200 && status !== 206) return refused(`it answered ${status}`);
  if (!identity) return refused("it states no SHA-256 of the file, and none is pinned");
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") return refused(`it sent the file compressed (${encoding})`);
  return status === 200 ? judgeWhole(headers, identity) : judgePart(headers, held, identity);
}

function judgeWhole(headers: IncomingHttpHeaders, { sizeBytes }: FileIdentity): Verdict {
  const stated = headers["content-length"];
  if (stated === undefined || Number(stated) === sizeBytes) return { kind: "whole" };
  const wrongLength = `it has ${stated} bytes, not the expected ${sizeBytes}`;
  // A login page is short too: the first bytes tell which of the two it is.
  return Number(stated) < sizeBytes ? { kind: "whole", wrongLength } : refused(wrongLength);
}

function judgePart(headers: IncomingHttpHeaders, held: PartialDownload | undefined, identity: FileIdentity): Verdict {
  if (!held) return refused("it sent a part where the whole was asked for");
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
  if (Number(first) !== held.bytes) return { kind: "anew", reason: "it sent another part than was asked for" };
  if (total !== "*" && Number(total) !== identity.sizeBytes) return { kind: "anew", reason: "its length changed" };
  const isOther = headers.etag !== undefined && headers.etag !== held.etag;
  if (isOther || held.identity.sha256 !== identity.sha256) return { kind: "anew", reason: "it changed meanwhile" };
  return { kind: "append" };
}

function refused(reason: string): Verdict {
  return { kind: "refused", reason };
}
