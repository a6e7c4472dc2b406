// `pnpm native:package [gpu] [--out folder]`: builds the binary package of this platform for a GPU, or the default one,
// and packs it. The tarball's path is printed.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { platformTable } from "./lib/binaries.mjs";
import { buildBinary, packBinary } from "./lib/binary-package.mjs";
import { createContext } from "./lib/context.mjs";
import { ensureLlamaSource } from "./lib/llama-source.mjs";
import { runMain } from "./lib/main.mjs";
import { Problem } from "./lib/problem.mjs";
import { buildTypeScript } from "./lib/typescript.mjs";

await runMain(async (signal) => {
  const context = createContext(signal);
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
  await buildTypeScript(context, { tolerant: false });
  const { binaries } = await platformTable(context.root);
  const here = binaries.filter(({ os, cpu }) => os === process.platform && cpu === process.arch);
  const [gpu] = positionals;
  const binary = here.find((each) => (gpu ? each.gpu === gpu : each.isDefault));
  if (!binary) {
    const known = here.map((each) => each.gpu).join(", ") || "nothing";
    throw new Problem(
      `There is no ${gpu ?? "default"} binary for ${process.platform} ${process.arch}; it has ${known}.`,
    );
  }
  const files = await buildBinary(context, await ensureLlamaSource(context), binary);
  const out = values.out ?? join(context.root, "build", "native");
  await mkdir(out, { recursive: true });
  console.log(await packBinary(context, binary, files, out));
  return 0;
});
