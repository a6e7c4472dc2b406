/** The 64 bytes that a library of a CPU begins with. Each of its sections takes another 64 in the table at `sectionsAt`. */
export function elfHeader({ machine, sectionsAt, sections }: Record<"machine" | "sectionsAt" | "sections", number>) {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(header.buffer);
  view.setUint16(18, machine, true);
  view.setBigUint64(40, BigInt(sectionsAt), true);
  view.setUint16(58, 64, true);
  view.setUint16(60, sections, true);
  return header;
}
