import { fileURLToPath } from "node:url";
import { chooseAddon, type NativeBinary } from "./choose-addon.ts";
import { thisMachine } from "./library-files.ts";
import type { NativeAddon } from "./native.ts";

let loaded: ReturnType<typeof chooseAddon> | undefined;

/** The addon of this process, loaded on the first call. BACKEND_UNAVAILABLE where there is none. */
export function loadAddon(): NativeAddon {
  return load().addon;
}

/**
 * Which native addon this process runs on, and why that one. Loads it where that has not been done.
 *
 * @throws InferenceError with BACKEND_UNAVAILABLE where none can be loaded; its facts hold the reason of each candidate.
 */
export function nativeBinary(): NativeBinary {
  return load().binary;
}

function load() {
  const own = fileURLToPath(new URL("../..", import.meta.url));
  loaded ??= chooseAddon(own, process.env.LLOYAL_ADDON, thisMachine());
  return loaded;
}
