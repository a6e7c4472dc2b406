import type { LookupAddress, LookupOptions } from "node:dns";
import { lookup } from "node:dns";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * Refuses an address that a download must not go to.
 *
 * @param url - where the next request would go
 * @param from - who sent us there; undefined for the address that the mirror itself names
 * @throws Error with the reason, which names no more of the address than its origin
 */
export function vetHop(url: URL, from?: { url: URL; isPublic: boolean }): void {
  // `http:` never follows on `https:`, so only a chain that began on this machine stays on it.
  const plainAllowed = isLoopback(url) && (from === undefined || from.url.protocol === "http:");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && plainAllowed)) {
    throw new Error(`${url.protocol}//${url.host} is not an https address`);
  }
  if (url.username || url.password) throw new Error(`the address at ${url.host} carries a password`);
  // A literal is never looked up, so `publicOnly` would not see it.
  const host = bareHost(url);
  if (from?.isPublic && isIP(host) && !isPublicAddress(host)) throw notPublic(host);
}

/** Everything but private, loopback, link-local, translated and reserved ranges. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.process(address).range() === "unicast";
}

type Answer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * A `lookup` for sockets that refuses a name as soon as one of its addresses is not public. It vets the very addresses
 * that are then connected to, so a name that changes its answer gains nothing.
 */
export function publicOnly(host: string, options: LookupOptions, answer: Answer): void {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return answer(error, "");
    if (!addresses.every(({ address }) => isPublicAddress(address))) return answer(notPublic(host), "");
    if (options.all) return answer(null, addresses);
    answer(null, addresses[0]!.address, addresses[0]!.family);
  });
}

function isLoopback(url: URL): boolean {
  const host = bareHost(url);
  return host === "localhost" || (isIP(host) !== 0 && ipaddr.process(host).range() === "loopback");
}

/** Without the brackets of an IPv6 literal. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function notPublic(host: string): Error {
  return new Error(`a redirect leads from the public network to ${host}`);
}
