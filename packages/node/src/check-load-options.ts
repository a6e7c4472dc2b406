import { InvalidArgumentError } from "@lloyal-labs/sdk";
import { checkFlag, checkNumbers, refuseUnknown } from "./check-fields.ts";
import type { LoadOptions, LoraAdapter } from "./context-options.ts";

const loraMax = 64;
const gpuFields = { gpuLayers: { fallback: 0, min: 0, max: 1024, integer: true } };
const loraFields = { "lora.scale": { fallback: 1, min: -100, max: 100, integer: false } };

export const loadFields = [
  ...["modelPath", "gpuLayers", "device", "allowCpuFallback", "mmap", "mlock", "lora", "onProgress", "signal"],
];

/** The fields of `options` that concern the file. INVALID_ARGUMENT for one of the wrong type or out of range. */
export function checkLoadOptions(options: LoadOptions): LoadOptions {
  if (typeof options !== "object" || options === null) throw new InvalidArgumentError("options must be an object.");
  const { modelPath, gpuLayers, device, onProgress, signal } = options;
  if (typeof modelPath !== "string" || modelPath === "") throw mustBe("modelPath", "a path", modelPath);
  if (device !== undefined && (typeof device !== "string" || device === ""))
    throw mustBe("device", "the name of a device", device);
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw mustBe("onProgress", "a function", onProgress);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw mustBe("signal", "an AbortSignal", signal);
  return {
    modelPath,
    gpuLayers: gpuLayers === undefined ? undefined : checkNumbers(gpuFields, { gpuLayers }).gpuLayers,
    device,
    allowCpuFallback: checkFlag("allowCpuFallback", options.allowCpuFallback),
    mmap: checkFlag("mmap", options.mmap),
    mlock: checkFlag("mlock", options.mlock),
    lora: checkLora(options.lora),
    onProgress,
    signal,
  };
}

function checkLora(lora: readonly LoraAdapter[] = []): LoraAdapter[] {
  if (!Array.isArray(lora) || lora.length > loraMax) throw mustBe("lora", `a list of at most ${loraMax}`, lora);
  return lora.map((adapter: LoraAdapter) => {
    if (typeof adapter !== "object" || adapter === null) throw mustBe("lora", "a list of { path, scale }", adapter);
    refuseUnknown(adapter, ["path", "scale"], "a LoRA adapter");
    const { path, scale } = adapter;
    if (typeof path !== "string" || path === "") throw mustBe("lora.path", "a path", path);
    return { path, scale: checkNumbers(loraFields, { "lora.scale": scale })["lora.scale"] };
  });
}

function mustBe(name: string, what: string, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`${name} must be ${what}.`, { name, value: String(value) });
}
