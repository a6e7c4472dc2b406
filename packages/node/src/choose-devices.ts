import { InferenceError, InvalidArgumentError } from "@lloyal-labs/sdk";
import type { NativeDevice } from "./binding/native.ts";
import type { DeviceOptions } from "./context-options.ts";

export interface DeviceChoice {
  /** Names of the GPUs that compute; none: the CPU does all. */
  gpus: string[];
  gpuLayers: number;
}

/** More than any model has. */
const allLayers = 1024;
const cpu: DeviceChoice = { gpus: [], gpuLayers: 0 };

/**
 * Where the layers go, out of what this machine has. BACKEND_UNAVAILABLE for a GPU that is asked for and not there, unless
 * the CPU may take its place; INVALID_ARGUMENT for layers on a GPU where the device is to be the CPU.
 */
export function chooseDevices(options: DeviceOptions, available: readonly NativeDevice[]): DeviceChoice {
  const { gpuLayers, device, allowCpuFallback = false } = options;
  if (device?.toLowerCase() === "cpu") {
    if (!gpuLayers) return cpu;
    throw new InvalidArgumentError("gpuLayers must be 0 where the device is the CPU.", { gpuLayers, device });
  }
  const gpus = available.filter(({ isGpu }) => isGpu).map(({ name }) => name);
  const wanted = device === undefined ? gpus : gpus.filter((name) => name.toLowerCase() === device.toLowerCase());
  const isRequired = device !== undefined || (gpuLayers ?? 0) > 0;
  if (wanted.length === 0 && isRequired && !allowCpuFallback) throw absent(options, available);
  if (wanted.length === 0 || gpuLayers === 0) return cpu;
  return { gpus: wanted, gpuLayers: gpuLayers ?? allLayers };
}

function absent({ gpuLayers, device }: DeviceOptions, available: readonly NativeDevice[]): InferenceError {
  const names = available.map(({ name }) => name).join(", ");
  return new InferenceError("BACKEND_UNAVAILABLE", `${device ?? "a GPU"} is not there; this machine has ${names}.`, {
    facts: { device, gpuLayers, available: names },
    remedy: "Install the binary package for that GPU, or set allowCpuFallback. nativeBinary() tells what runs now.",
  });
}
