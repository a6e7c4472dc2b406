import { expect, it } from "vitest";
import { cacheRoot as cacheRootOfModels } from "../../packages/models/src/cache.ts";
import { cacheRoot } from "./context.mjs";

it.each(["/somewhere", "relative", "", undefined])(
  "the set-up and the models share one cache (XDG_CACHE_HOME=%s)",
  (base) => {
    expect(cacheRoot({ XDG_CACHE_HOME: base })).toBe(cacheRootOfModels({ XDG_CACHE_HOME: base }));
  },
);
