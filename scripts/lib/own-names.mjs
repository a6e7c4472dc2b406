// The names of our packages and commands belong to packages elsewhere. So nothing here may fetch by name what it runs.

/**
 * @param {string} text - of a script, a document or a manifest
 * @param {readonly string[]} bins - the commands of the workspace
 * @returns {string[]} every command that may fetch a package and run it
 */
export function foreignRuns(text, bins) {
  const runners = [...text.matchAll(/\b(?:npx|pnpx|bunx)\b(?: --no(?: --)?)?(?: +[\w.@/-]+)?/g)].map(([run]) => run);
  const isOwn = (/** @type {string} */ run) => {
    const [, name] = /^npx --no(?: --)?(?: +(\S+))?$/.exec(run) ?? [];
    return run.startsWith("npx --no") && (name === undefined || bins.includes(name));
  };
  const fetchers = [...text.matchAll(/\b(?:npm (?:exec|x|create|init)|(?:pnpm|yarn) (?:dlx|create))\b/g)];
  return [...runners.filter((run) => !isOwn(run)), ...fetchers.map(([run]) => run)];
}

const ours = /^(?:@lloyal-labs\/.+|lloyal.*|reasoning\.run|harness\.dev)$/;

/**
 * @param {Partial<Record<string, Record<string, string>>>} manifest
 * @returns {string[]} what is named like one of ours and would come from a registry
 */
export function foreignDependencies(manifest) {
  const fields = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
  return fields
    .flatMap((field) => Object.entries(manifest[field] ?? {}))
    .filter(([name, range]) => (ours.test(name) && !range.startsWith("workspace:")) || /^npm:/.test(range))
    .map(([name, range]) => `${name}@${range}`);
}

/**
 * @param {string} lockfile - pnpm-lock.yaml
 * @returns {string[]} packages named like one of ours that come from a registry
 */
export function foreignInLockfile(lockfile) {
  // An own package is a `link:` of an importer; only what comes from elsewhere is listed as name@version.
  return [...lockfile.matchAll(/^ {2}'?((?:@[^@\s']+\/)?[^@\s':]+)@\d[^:\s']*'?:/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => ours.test(name));
}
