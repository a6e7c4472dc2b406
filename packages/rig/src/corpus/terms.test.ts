import fc from "fast-check";
import { expect, test } from "vitest";
import { terms, words } from "./terms.ts";

test("an identifier is found whole and by its parts", () => {
  expect(terms("GGML_CUDA_ENABLE_UNIFIED_MEMORY")).toEqual([
    "ggml_cuda_enable_unified_memory",
    "ggml",
    "cuda",
    "enabl",
    "unifi",
    "memori",
  ]);
  expect(terms("--no-mmproj-offload")).toEqual(["no-mmproj-offload", "no", "mmproj", "offload"]);
  expect(terms("GGML_CUDA_P2P=1")).toEqual(["ggml_cuda_p2p", "ggml", "cuda", "p2p", "1"]);
});

test("camelCase is cut, the plural of an acronym is not", () => {
  expect(terms("LlamaModelLoader")).toEqual(["llamamodelload", "llama", "model", "loader"]);
  expect(terms("OpenCL HTTPServer")).toEqual(["opencl", "open", "cl", "httpserver", "http", "server"]);
  expect(terms("GPUs")).toEqual(terms("gpu"));
});

test("the forms of a word are one term", () => {
  expect(terms("installing installed installs")).toEqual(["instal", "instal", "instal"]);
  expect(terms("the server's servers")).toEqual(["server", "server"]);
});

test("versions and numbers stay whole", () => {
  expect(words("v0.5.0 at 4x, 12.8.1.")).toEqual(["v0.5.0", "at", "4x", "12.8.1"]);
});

test("emphasis with underscores is no part of a word", () => {
  expect(words("_draft model_ __device__ snake_case")).toEqual(["draft", "model", "device", "snake_case"]);
});

test("question words and articles are no terms, denials are", () => {
  expect(terms("Which of the options is not used?")).toEqual(["option", "not"]);
});

test("a word of a megabyte is left out", () => {
  expect(terms(`front ${"x".repeat(1_000_000)} back`)).toEqual(["front", "back"]);
});

test("every term is in lower case and no text is refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const term of terms(text)) {
        expect(term).not.toBe("");
        expect(term).toBe(term.toLowerCase());
      }
    }),
  );
});
