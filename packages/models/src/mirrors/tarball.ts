import { createReadStream } from "node:fs";
import { Parser, type ReadEntry } from "tar";

/** Streams one file of an npm tarball, so that memory stays at a few chunks whatever its size. */
export async function* readTarballMember(
  tarball: string,
  member: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const packed = createReadStream(tarball, { signal });
  try {
    const entry = await new Promise<ReadEntry | undefined>((resolve, reject) => {
      const parser = new Parser({ strict: true, filter: (path, found) => isMember(path, found as ReadEntry, member) });
      parser.on("entry", (found: ReadEntry) => {
        resolve(found);
        parser.on("error", (error: Error) => found.destroy(error));
      });
      parser.on("end", () => resolve(undefined));
      parser.on("error", reject);
      packed.on("error", (error) => parser.abort(error));
      packed.pipe(parser as unknown as NodeJS.WritableStream);
    });
    if (!entry) throw new Error(`${member} is missing in ${tarball}`);
    yield* entry;
  } finally {
    packed.destroy();
  }
}

function isMember(path: string, { type }: ReadEntry, member: string): boolean {
  // The first folder has the package's name in some tarballs and is called `package` in most.
  return type === "File" && path.slice(path.indexOf("/") + 1) === member;
}
