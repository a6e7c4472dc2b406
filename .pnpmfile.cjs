// What packing adds to a manifest. The binary packages are named in the packed one alone: in the repository the addon is
// built, and a name that is not published yet cannot be installed.

const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const load = (path) => import(pathToFileURL(join(__dirname, path)).href);

module.exports = {
  hooks: {
    async beforePacking(manifest) {
      const { repositoryField } = await load("scripts/lib/binaries.mjs");
      const field = repositoryField(process.env.GITHUB_REPOSITORY);
      if (manifest.name !== "@lloyal-labs/lloyal.node") return { ...manifest, ...field };
      const { binaryDependencies } = await load("packages/node/dist/binding/platforms.js");
      return { ...manifest, ...field, ...binaryDependencies(manifest.version) };
    },
  },
};
