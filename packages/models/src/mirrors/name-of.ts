import type { Mirror } from "../model-entry.ts";

/** What a mirror is called in messages. Without what follows the path of an address: that may hold a key. */
export function nameOf(mirror: Mirror): string {
  switch (mirror.kind) {
    case "pypi":
    case "npm":
      return `${mirror.kind}:${mirror.parts.map((part) => part.package).join("+")}`;
    case "hf":
      return `hf:${mirror.repo}/${mirror.file}`;
    case "https":
      return URL.canParse(mirror.url) ? `${new URL(mirror.url).origin}${new URL(mirror.url).pathname}` : "https:?";
    case "file":
      return `file:${mirror.path}`;
  }
}
