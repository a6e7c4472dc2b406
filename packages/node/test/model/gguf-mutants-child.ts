// Gives mutants to the native loader, one after another. Arguments: a folder for the files, the first seed, how many.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ggufMutant } from "@lloyal-labs/models/testing";
import { tryFile } from "./gguf-trial.ts";

const [folder = "", firstSeed = "0", count = "0"] = process.argv.slice(2);

for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(count); seed++) {
  const { kind, bytes } = ggufMutant(seed);
  const path = join(folder, `${seed}.gguf`);
  writeFileSync(path, bytes);
  await tryFile(seed, kind, path);
  rmSync(path);
}
