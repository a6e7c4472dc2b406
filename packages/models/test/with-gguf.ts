import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `body` on a file of these bytes, and removes it. */
export async function withGguf<T>(
  bytes: Uint8Array,
  body: (path: string) => Promise<T>,
  name = "model.gguf",
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "lloyal-gguf-"));
  try {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return await body(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
