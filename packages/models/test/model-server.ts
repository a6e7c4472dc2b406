import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";

/** One request as a test wants to see it. */
export interface Asked {
  path: string;
  range?: string;
  ifRange?: string;
  authorization?: string;
}

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** 0 for the first request. */
  index: number;
}

export interface ModelServer {
  origin: string;
  asked: Asked[];
  /** How many are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** A server on the loopback interface that answers as it is told. */
export async function startServer(answer: (exchange: Exchange) => void, port = 0): Promise<ModelServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { range, authorization, "if-range": ifRange } = request.headers;
    asked.push({ path: request.url!, range, ifRange: ifRange as string | undefined, authorization });
    answer({ request, response, index: asked.length - 1 });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    connections: () => promisify(server.getConnections.bind(server))(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface SendOptions {
  etag?: string;
  /** Cuts the connection when the bytes before this position of the file are sent. */
  cutAt?: number;
  /** Leaves the connection open, without a word, when the bytes before this position are sent. */
  hangAt?: number;
  ignoreRange?: boolean;
  headers?: Record<string, string>;
}

/** Sends a file as a good server does, `Range` and `If-Range` respected, apart from what the options break. */
export function sendFile({ request, response }: Exchange, bytes: Buffer, options: SendOptions = {}): void {
  const { etag = '"v1"', cutAt, hangAt, ignoreRange = false, headers } = options;
  const [, wanted] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
  const isPart = wanted !== undefined && !ignoreRange && request.headers["if-range"] === etag;
  const from = isPart ? Number(wanted) : 0;
  if (isPart) response.setHeader("content-range", `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
  if (etag) response.setHeader("etag", etag);
  response.writeHead(isPart ? 206 : 200, { "content-length": bytes.length - from, ...headers });
  response.flushHeaders();
  const end = cutAt ?? hangAt;
  if (end === undefined) return void response.end(bytes.subarray(from));
  response.write(bytes.subarray(from, Math.max(end, from)));
  if (cutAt !== undefined) response.socket!.destroySoon();
}

export function redirect({ response }: Exchange, location: string, headers: Record<string, string> = {}): void {
  response.writeHead(302, { location, ...headers }).end();
}
