import fc from "fast-check";
import { expect, test } from "vitest";
import { isSupported } from "./support.ts";
import { arbitraryMarkdown } from "./testing/arbitrary-markdown.ts";

const queues =
  "Consider setting `CUDA_SCALE_LAUNCH_QUEUES=4x`, which increases the CUDA command buffer to 4 times its default size.";
const peers =
  "set the environment variable `GGML_CUDA_P2P` to any value to enable it:\n\nGGML_CUDA_P2P=1 llama-cli -m model.gguf";
const versions = "| Breaking change to the public C API (`include/llama.h`) | `MAJOR` |";
const projector =
  "By default, multimodal projector will be offloaded to GPU. To disable this, add `--no-mmproj-offload`";

test.each([
  ["Setting CUDA_SCALE_LAUNCH_QUEUES to 4x increases the command buffer.", queues],
  ["Peer access is enabled by setting GGML_CUDA_P2P=1.", peers],
  ['The "MAJOR" part is raised by a breaking change to the public C API.', versions],
  ["The option `--no-mmproj-offload` disables the offloading of the projector.", projector],
  ["Projectors are offloaded to GPUs.", projector],
])("%j is carried by its window", (sentence, window) => {
  expect(isSupported(sentence, window).supported).toBe(true);
});

test.each([
  ["Setting CUDA_SCALE_LAUNCH_QUEUES to 8x increases the command buffer.", queues, "8x"],
  ["Peer access is enabled by setting GGML_CUDA_P2P=2.", peers, "2"],
  ["Peer access is enabled by setting GGML_HIP_P2P=1.", peers, "GGML_HIP_P2P"],
  ["A breaking change to the public C API raises MINOR.", versions, "MINOR"],
  [
    "The option --no-mmproj disables the offloading of the projector.",
    "The projector is offloaded: mmproj",
    "no-mmproj",
  ],
  ["The projector of Intel is offloaded to GPU.", projector, "Intel"],
  ["The launchQueue increases the command buffer.", queues, "launchQueue"],
])("%j is refused for what it adds", (sentence, window, added) => {
  const { supported, missing } = isSupported(sentence, window);
  expect(supported).toBe(false);
  expect(missing).toContain(added);
});

test("half of the content words is enough, less is not", () => {
  expect(isSupported("alpha beta gamma delta", "alpha beta").supported).toBe(true);
  expect(isSupported("alpha beta gamma delta", "alpha").supported).toBe(false);
});

test("the heading belongs to the window", () => {
  expect(isSupported("Vulkan needs a driver.", "needs a driver").missing).toEqual(["Vulkan"]);
  expect(isSupported("A driver is needed for Vulkan.", "needs a driver", { heading: "Build > Vulkan" }).supported).toBe(
    true,
  );
});

test("the parts of a version are no numbers of the window", () => {
  expect(isSupported("5 models are listed.", "Models of v0.5.0 are listed.").supported).toBe(false);
});

test("numbers are equal with and without separators, and hyphens are optional", () => {
  expect(isSupported("It took 1503 seconds.", "took 1,503 seconds").supported).toBe(true);
  expect(isSupported("A 16-bit peer-to-peer link.", "peer to peer link of 16 bit").supported).toBe(true);
});

test("a sentence without a word to check is carried by nothing", () => {
  expect(isSupported("", queues)).toEqual({ supported: false, missing: [] });
  expect(isSupported("It is so.", queues).supported).toBe(false);
});

test("every text with a word to check carries itself", () => {
  fc.assert(
    fc.property(arbitraryMarkdown, (text) => {
      expect(isSupported(text, text).missing).toEqual([]);
    }),
  );
});

test("a number that was added is always refused", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100_000, max: 999_999 }), (number) => {
      expect(isSupported(`${peers} ${number}`, peers).missing).toEqual([String(number)]);
    }),
  );
});
