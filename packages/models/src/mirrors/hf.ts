import { downloadUrl } from "../http/download-url.ts";
import type { Hop } from "../http/open-url.ts";
import type { FileIdentity, HfMirror } from "../model-entry.ts";
import type { Fetched, MirrorJob } from "./mirror-job.ts";

const defaultEndpoint = "https://huggingface.co";

export async function fetchFromHf(mirror: HfMirror, job: MirrorJob): Promise<Fetched> {
  const url = resolveUrl(mirror, job.env.HF_ENDPOINT || defaultEndpoint);
  const token = job.env.HF_TOKEN?.trim();
  const source = {
    url,
    authorization: token && `Bearer ${token}`,
    identify: (hops: readonly Hop[]) => statedByHub(hops, url.origin),
  };
  return downloadUrl(source, job);
}

function resolveUrl({ repo, revision = "main", file }: HfMirror, endpoint: string): URL {
  const path = [...repo.split("/"), "resolve", revision, ...file.split("/")].map(encodeURIComponent).join("/");
  const address = `${endpoint.replace(/\/+$/, "")}/${path}`;
  if (!URL.canParse(address)) throw new Error("HF_ENDPOINT is no address");
  return new URL(address);
}

/** The hub states digest and size on its own answer, before it redirects to where the bytes lie. No one else is asked. */
function statedByHub(hops: readonly Hop[], origin: string): FileIdentity | undefined {
  for (const { url, headers } of hops) {
    const [, sha256] = /^"?([0-9a-f]{64})"?$/.exec(`${headers["x-linked-etag"]}`) ?? [];
    const sizeBytes = Number(headers["x-linked-size"]);
    if (url.origin === origin && sha256 && Number.isSafeInteger(sizeBytes)) return { sha256, sizeBytes };
  }
  return undefined;
}
