import { describe, expect, it } from "vitest";
import { chooseDevices } from "./choose-devices.ts";

const cpu = { name: "CPU", backend: "cpu", isGpu: false, library: "" };
const gpus = ["CUDA0", "CUDA1"].map((name) => ({ name, backend: "cuda", isGpu: true, library: "" }));
const plain = [cpu];
const rich = [...gpus, cpu];

const onCpu = { gpus: [], gpuLayers: 0 };

describe("where the layers go", () => {
  it("is every GPU by default, or the CPU where there is none", () => {
    expect(chooseDevices({}, rich)).toEqual({ gpus: ["CUDA0", "CUDA1"], gpuLayers: 1024 });
    expect(chooseDevices({}, plain)).toEqual(onCpu);
  });

  it("is the CPU alone where that is asked for", () => {
    expect(chooseDevices({ gpuLayers: 0 }, rich)).toEqual(onCpu);
    expect(chooseDevices({ device: "cpu" }, rich)).toEqual(onCpu);
    expect(chooseDevices({ device: "CPU", gpuLayers: 0 }, plain)).toEqual(onCpu);
    expect(chooseDevices({ device: "CUDA1", gpuLayers: 0 }, rich)).toEqual(onCpu);
    expect(() => chooseDevices({ device: "cpu", gpuLayers: 1 }, rich)).toThrow("INVALID_ARGUMENT");
  });

  it("is the GPU that is named, in upper or lower case, with as many layers as asked for", () => {
    expect(chooseDevices({ device: "cuda1" }, rich)).toEqual({ gpus: ["CUDA1"], gpuLayers: 1024 });
    expect(chooseDevices({ gpuLayers: 7 }, rich)).toEqual({ gpus: ["CUDA0", "CUDA1"], gpuLayers: 7 });
  });

  it.each([
    [{ gpuLayers: 1 }, plain],
    [{ device: "CUDA0" }, plain],
    [{ device: "CUDA2" }, rich],
  ])("is refused for %j where that is not there, unless the CPU may take its place", (options, available) => {
    expect(() => chooseDevices(options, available)).toThrow(
      expect.objectContaining({ code: "BACKEND_UNAVAILABLE", facts: expect.objectContaining({ ...options }) }),
    );
    expect(chooseDevices({ ...options, allowCpuFallback: true }, available)).toEqual(onCpu);
  });
});
