import { isUtf8 } from "node:buffer";
import { type FileHandle, open, stat } from "node:fs/promises";
import { ModelError } from "../errors.ts";
import { modelInvalid, withoutStack } from "./refusal.ts";

const chunkBytes = 1 << 20;

// Some ten times the largest header in use. What is read becomes strings and arrays, so this bounds our memory.
const headerBytesMax = 128 * 2 ** 20;

/**
 * Reads a file from its beginning, a chunk at a time: `need` waits for bytes, everything else takes them at once.
 * No length is believed before it was held against the size of the file.
 */
export class HeaderReader {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  #buffer: Buffer;
  #begin = 0; // in the buffer: what is not taken yet
  #end = 0;
  #loaded = 0; // bytes of the file that have been in the buffer

  private constructor(path: string, file: FileHandle, sizeBytes: number) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.#file = file;
    this.#buffer = Buffer.alloc(Math.min(sizeBytes, chunkBytes));
  }

  /** @throws ModelError MODEL_NOT_FOUND, or MODEL_INVALID for what is no file or may not be read. */
  static async open(path: string): Promise<HeaderReader> {
    try {
      // Asked before it is opened: a pipe would keep `open` waiting for a writer.
      const { size } = await statFile(path);
      return new HeaderReader(path, await open(path), size);
    } catch (cause) {
      const missing = ["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "");
      const [code, message] = missing
        ? (["MODEL_NOT_FOUND", `there is no file ${path}.`] as const)
        : (["MODEL_INVALID", `${path} cannot be read: ${(cause as Error).message}.`] as const);
      const remedy = "Pass the path of a .gguf file, or a name from the catalogue.";
      throw withoutStack(new ModelError(code, message, { facts: { path }, cause, remedy }));
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#loaded - this.available;
  }

  /** Bytes of the file that are not taken. */
  get remaining(): number {
    return this.sizeBytes - this.position;
  }

  /** Bytes that can be taken without waiting. */
  get available(): number {
    return this.#end - this.#begin;
  }

  /** @throws ModelError when the file ends before. `what` is what the bytes are for. */
  async need(bytes: number, what: string): Promise<void> {
    if (bytes <= this.available) return;
    if (bytes > this.remaining) throw this.#endsIn(what, bytes);
    if (this.position + bytes > headerBytesMax) {
      throw modelInvalid(this.path, "headerBytes", {
        what: "the header",
        found: `more than ${headerBytesMax} bytes`,
        allowed: `at most ${headerBytesMax} bytes`,
      });
    }
    this.#makeRoomFor(bytes);
    while (this.available < bytes) {
      const { bytesRead } = await this.#file.read(
        this.#buffer,
        this.#end,
        this.#buffer.length - this.#end,
        this.#loaded,
      );
      if (bytesRead === 0) throw this.#endsIn(what, bytes); // it was cut while we read
      this.#end += bytesRead;
      this.#loaded += bytesRead;
    }
  }

  u32(): number {
    return this.#buffer.readUInt32LE(this.#advance(4));
  }

  /** Rounded above 2^53, where a count or a size is wrong in any case. */
  u64(): number {
    const at = this.#advance(8);
    return this.#buffer.readUInt32LE(at) + this.#buffer.readUInt32LE(at + 4) * 2 ** 32;
  }

  /** Undefined where the bytes are no UTF-8: two such texts could become equal by being decoded. */
  text(bytes: number): string | undefined {
    const at = this.#advance(bytes);
    const text = this.#buffer.toString("utf8", at, at + bytes);
    return !text.includes("\ufffd") || isUtf8(this.#buffer.subarray(at, at + bytes)) ? text : undefined;
  }

  /** A view that the next `need` overwrites. */
  bytes(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#buffer.subarray(at, at + count);
  }

  #advance(bytes: number): number {
    const at = this.#begin;
    this.#begin += bytes;
    return at;
  }

  #makeRoomFor(bytes: number): void {
    const rest = this.#buffer.subarray(this.#begin, this.#end);
    const target = bytes > this.#buffer.length ? Buffer.alloc(bytes) : this.#buffer;
    rest.copy(target);
    this.#buffer = target;
    this.#begin = 0;
    this.#end = rest.length;
  }

  #endsIn(what: string, bytes: number): ModelError {
    return modelInvalid(this.path, "truncated", {
      what,
      found: `${bytes} bytes long`,
      allowed: `at most ${this.remaining}, which are left of the file`,
    });
  }
}

async function statFile(path: string) {
  const found = await stat(path);
  if (!found.isFile()) throw new Error("it is no file");
  return found;
}
