import { downloadUrl } from "../http/download-url.ts";
import type { HttpsMirror } from "../model-entry.ts";
import type { Fetched, MirrorJob } from "./mirror-job.ts";

export async function fetchFromHttps(mirror: HttpsMirror, job: MirrorJob): Promise<Fetched> {
  if (!URL.canParse(mirror.url)) throw new Error("its address is none");
  return downloadUrl({ url: new URL(mirror.url) }, job);
}
