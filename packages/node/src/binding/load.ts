import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { InferenceError } from "@lloyal-labs/sdk";
import type { NativeAddon } from "./native.ts";

const built = fileURLToPath(new URL("../../build/lloyal.node", import.meta.url));
let loaded: NativeAddon | undefined;

/** The addon: `LLOYAL_ADDON` where it is set, else what the build left in this package. */
export function loadAddon(): NativeAddon {
  loaded ??= requireAddon(process.env.LLOYAL_ADDON || built);
  return loaded;
}

function requireAddon(path: string): NativeAddon {
  const remedy = "Run `npm start` in the repository, or build it with `npm run native:build` in packages/node.";
  if (!existsSync(path)) {
    throw new InferenceError("BACKEND_UNAVAILABLE", `there is no native addon at ${path}.`, {
      facts: { path },
      remedy,
    });
  }
  try {
    return createRequire(import.meta.url)(path) as NativeAddon;
  } catch (cause) {
    const facts = { path, platform: process.platform, arch: process.arch };
    throw new InferenceError("BACKEND_UNAVAILABLE", `the addon at ${path} does not load.`, { facts, remedy, cause });
  }
}
