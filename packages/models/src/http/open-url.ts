import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { isPublicAddress, publicOnly, vetHop } from "./vet-hop.ts";

export interface Hop {
  url: URL;
  headers: IncomingHttpHeaders;
}

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  /** Not decompressed. What is not read of it ends with the signal. */
  body: IncomingMessage;
  /** Every answer on the way, the last one included. */
  hops: readonly Hop[];
}

const redirects = [301, 302, 303, 307, 308];
const hopsMax = 6;

/**
 * Sends one GET and follows its redirects, each of which is vetted before anything is sent to it.
 *
 * @param authorization - sent to the origin of `start` only, and no more once a redirect has left it
 */
export async function openUrl(
  start: URL,
  options: { headers: Record<string, string>; authorization?: string; signal: AbortSignal },
): Promise<Reply> {
  const hops: Hop[] = [];
  let { authorization } = options;
  let url = start;
  let from: { url: URL; isPublic: boolean } | undefined;
  while (hops.length < hopsMax) {
    vetHop(url, from);
    const body = await get(url, {
      headers: { ...options.headers, ...(authorization && { authorization }) },
      // Where the mirror itself lies on the own network, it may redirect within it.
      lookup: from?.isPublic ? (publicOnly as LookupFunction) : undefined,
      signal: options.signal,
    });
    hops.push({ url, headers: body.headers });
    const status = body.statusCode!;
    const { location } = body.headers;
    if (!redirects.includes(status) || location === undefined) return { status, headers: body.headers, body, hops };

    const { remoteAddress } = body.socket;
    from = { url, isPublic: remoteAddress === undefined || isPublicAddress(remoteAddress) };
    body.destroy();
    url = resolveLocation(location, from.url);
    if (url.origin !== from.url.origin) authorization = undefined;
  }
  throw new Error(`more than ${hopsMax - 1} redirects`);
}

function get(
  url: URL,
  options: { headers: Record<string, string>; lookup?: LookupFunction; signal: AbortSignal },
): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // A connection of its own: one from a pool was vetted for another request, and would outlive this download.
    request(url, { ...options, agent: false }, resolve)
      .on("error", reject)
      .end();
  });
}

function resolveLocation(location: string, base: URL): URL {
  if (!URL.canParse(location, base)) throw new Error("a redirect leads to something that is no address");
  return new URL(location, base);
}
