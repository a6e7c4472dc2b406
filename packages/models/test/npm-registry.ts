import { createHash } from "node:crypto";
import { type ModelServer, startServer } from "./model-server.ts";
import { packTarball } from "./pack-tarball.ts";

export interface PublishedPackage {
  name: string;
  version: string;
  files: Readonly<Record<string, Buffer>>;
  scripts?: Readonly<Record<string, string>>;
}

/** As much of a registry as `npm pack` asks for: what a package is, and its tarball. */
export async function startRegistry(packages: readonly PublishedPackage[]): Promise<ModelServer> {
  const published = new Map(await Promise.all(packages.map(publish)));
  const registry = await startServer(({ request, response }) => {
    const [, name, tarball] = /^\/([^/]+)(\/-\/.+)?$/.exec(decodeURIComponent(request.url!)) ?? [];
    const found = published.get(name ?? "");
    if (!found) return void response.writeHead(404, { "content-type": "application/json" }).end("{}");
    if (tarball) return void response.end(found.tarball);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(found.describe(registry.origin)));
  });
  return registry;
}

async function publish({ name, version, files, scripts }: PublishedPackage) {
  const manifest = { name, version, scripts };
  const all = { "package.json": Buffer.from(JSON.stringify(manifest)), ...files };
  const tarball = await packTarball(
    Object.fromEntries(Object.entries(all).map(([path, bytes]) => [`package/${path}`, bytes])),
  );
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  const describe = (origin: string) => ({
    name,
    "dist-tags": { latest: version },
    versions: {
      [version]: { ...manifest, dist: { tarball: `${origin}/${name}/-/${name}-${version}.tgz`, integrity } },
    },
  });
  return [name, { tarball, describe }] as const;
}
