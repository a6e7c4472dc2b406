import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { create } from "tar";

/** A tarball, gzipped, of some files by their paths; a text in place of bytes makes a symbolic link. */
export async function packTarball(files: Readonly<Record<string, Uint8Array | string>>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "lloyal-pack-"));
  try {
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      if (typeof bytes === "string") await symlink(bytes, join(folder, path));
      else await writeFile(join(folder, path), bytes);
    }
    const file = join(folder, "packed.tgz");
    await create({ gzip: true, portable: true, cwd: folder, file }, Object.keys(files));
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
