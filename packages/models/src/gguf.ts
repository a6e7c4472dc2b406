import { open } from "node:fs/promises";
import { ModelError } from "./errors.ts";

const supportedVersions = [2, 3];

/**
 * Says at once that a file is no model, where llama.cpp would say it later and in more lines.
 *
 * @throws ModelError MODEL_NOT_FOUND, or MODEL_INVALID when the first eight bytes are not a GGUF header of a version we read.
 */
export async function checkGgufHeader(path: string): Promise<void> {
  const header = await readHeader(path);
  if (header.length < 8 || header.toString("latin1", 0, 4) !== "GGUF") {
    throw new ModelError("MODEL_INVALID", `${path} is not a GGUF file.`, {
      facts: { path },
      remedy: "Pass a model in GGUF format, or a name from the catalogue.",
    });
  }
  const version = header.readUInt32LE(4);
  if (!supportedVersions.includes(version)) {
    throw new ModelError("MODEL_INVALID", `${path} is a GGUF file of version ${version}.`, {
      facts: { path, version },
      remedy: `Convert it to version ${supportedVersions.at(-1)}.`,
    });
  }
}

async function readHeader(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const missing = ["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "");
    throw new ModelError(
      missing ? "MODEL_NOT_FOUND" : "MODEL_INVALID",
      missing ? `there is no file ${path}.` : `${path} cannot be read: ${(cause as Error).message}.`,
      { facts: { path }, cause, remedy: "Pass the path of a .gguf file, or a name from the catalogue." },
    );
  }
}
