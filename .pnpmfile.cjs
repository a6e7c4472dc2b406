// What packing adds to a manifest. The binary packages are named in the packed one alone: in the repository the addon is
// built, and a name that is not published yet cannot be installed.

module.exports = {
  hooks: {
    async beforePacking(manifest) {
      const { repositoryField } = await import("./scripts/lib/binaries.mjs");
      const field = repositoryField(process.env.GITHUB_REPOSITORY);
      if (manifest.name !== "@lloyal-labs/lloyal.node") return { ...manifest, ...field };
      const { binaryDependencies } = await import("./packages/node/dist/binding/platforms.js");
      return { ...manifest, ...field, ...binaryDependencies(manifest.version) };
    },
  },
};
