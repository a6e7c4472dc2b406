// The prebuilt binaries, each an npm package of its own. Manifests, workflows and the loader are made from this table or
// checked against it.

export type Gpu = "cpu" | "cuda" | "metal" | "vulkan";

/** What a binary is for. Any of them computes on the CPU, too. */
export interface Binary {
  /** As `process.platform` says. */
  os: "darwin" | "linux" | "win32";
  /** As `process.arch` says. */
  cpu: "arm64" | "x64";
  gpu: Gpu;
  /** Of its npm package. */
  name: string;
  /** Installed with `@lloyal-labs/lloyal.node`; the others by choice, since npm knows nothing of GPUs and they are big. */
  isDefault: boolean;
}

/** Tried from left to right; the last one is the default. */
const variants: Record<Binary["os"], Partial<Record<Binary["cpu"], readonly Gpu[]>>> = {
  darwin: { arm64: ["metal"], x64: ["cpu"] },
  linux: { arm64: ["cuda", "vulkan", "cpu"], x64: ["cuda", "vulkan", "cpu"] },
  win32: { arm64: ["vulkan", "cpu"], x64: ["cuda", "vulkan", "cpu"] },
};

export const binaries: readonly Binary[] = Object.entries(variants).flatMap(([os, cpus]) =>
  Object.entries(cpus).flatMap(([cpu, gpus]) =>
    gpus.map((gpu, index) => ({
      os: os as Binary["os"],
      cpu: cpu as Binary["cpu"],
      gpu,
      name: `@lloyal-labs/lloyal.node-${os}-${cpu}-${gpu}`,
      isDefault: index === gpus.length - 1,
    })),
  ),
);

/**
 * What the manifest of `@lloyal-labs/lloyal.node` gets when it is packed: the default binaries as optional dependencies,
 * of which a package manager installs the one that fits, and the others as optional peers, so that it refuses a version
 * that does not fit. In the repository there is none of them: the addon is built there.
 */
export function binaryDependencies(version: string) {
  const versions = (wanted: readonly Binary[]) => Object.fromEntries(wanted.map(({ name }) => [name, version]));
  const chosen = binaries.filter(({ isDefault }) => !isDefault);
  return {
    optionalDependencies: versions(binaries.filter(({ isDefault }) => isDefault)),
    peerDependencies: versions(chosen),
    peerDependenciesMeta: Object.fromEntries(chosen.map(({ name }) => [name, { optional: true }])),
  };
}
