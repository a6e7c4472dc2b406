// Enough of the ELF format to tell a library of this machine from anything else. The system's loader maps a file that
// was cut short without a complaint, and the process dies of SIGBUS when it touches what is missing.

const headerBytes = 64;
const machines: Record<string, number> = { x64: 62, arm64: 183 };
const names: Record<number, string> = { 3: "ia32", 40: "arm", 62: "x64", 183: "arm64", 243: "riscv64" };

/**
 * Why a file is no library for this CPU; undefined for a good one.
 *
 * @param start - its first bytes, 64 or all that there are
 * @param sizeBytes - of the whole file
 * @param cpu - `process.arch`
 */
export function elfComplaint(start: Uint8Array, sizeBytes: number, cpu: string): string | undefined {
  const magic = String.fromCharCode(...start.subarray(0, 4));
  if (magic !== "\x7fELF") return "is no ELF file";
  if (start.length < headerBytes) return `is cut short: ${sizeBytes} bytes`;
  const header = new DataView(start.buffer, start.byteOffset, headerBytes);
  const machine = header.getUint16(18, true);
  if (machine !== machines[cpu]) return `is for ${names[machine] ?? `ELF machine ${machine}`}, and this is ${cpu}`;
  // The table of sections is what linkers write last.
  const sectionsAt = Number(header.getBigUint64(40, true));
  const endsAt = sectionsAt + header.getUint16(58, true) * header.getUint16(60, true);
  return sizeBytes < endsAt ? `is cut short: ${sizeBytes} of ${endsAt} bytes` : undefined;
}

/** Whose loader a program asks for. Its name stands right behind the headers. */
export function libcOf(start: Uint8Array): "glibc" | "musl" | undefined {
  const text = Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString("latin1");
  if (text.includes("/ld-musl-")) return "musl";
  return text.includes("/ld-linux-") ? "glibc" : undefined;
}
