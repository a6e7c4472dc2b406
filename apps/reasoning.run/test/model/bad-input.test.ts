import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand, withFolder } from "./run-command.ts";

const { LLOYAL_SMOL: smol = "" } = process.env;
const corpus = join(import.meta.dirname, "corpus");

/** The last line is the complaint; no stack, and nothing on stdout. */
function complaintOf({ stderr, stdout }: { stderr: string; stdout: string }): string {
  expect(stdout).toBe("");
  expect(stderr).not.toMatch(/\n\s+at /);
  return stderr.trim().split("\n").at(-1) ?? "";
}

describe("a mistake of the user ends in one clear line and its exit code", () => {
  it("for no corpus", async () => {
    const result = await runCommand(["--query", "why?"]);
    expect(result.code).toBe(2);
    expect(complaintOf(result)).toContain("--corpus");
  });

  it("for a corpus that does not exist, before a model is loaded", async () => {
    const result = await runCommand(["--corpus", "/nowhere/at/all", "--query", "why?", "--model", "/nor/here.gguf"]);
    expect(result.code).toBe(2);
    expect(complaintOf(result)).toContain("does not exist");
  });

  it.skipIf(!smol)("for an empty corpus", () =>
    withFolder(async (folder) => {
      const result = await runCommand(["--corpus", folder, "--query", "why?", "--model", smol]);
      expect(result.code).toBe(2);
      expect(complaintOf(result)).toContain("no file");
    }),
  );

  it("for a model that does not exist, or is no GGUF", () =>
    withFolder(async (folder) => {
      const fake = join(folder, "fake.gguf");
      writeFileSync(fake, "not a model");
      for (const model of [join(folder, "absent.gguf"), fake]) {
        const result = await runCommand(["--corpus", corpus, "--query", "why?", "--model", model]);
        expect(result.code).toBe(3);
        expect(complaintOf(result)).toContain(model);
      }
    }));

  it("for a cache that is too small, with the number that it needs", async () => {
    const result = await runCommand(["--corpus", corpus, "--query", "why?", "--n-ctx", "512"]);
    expect(result.code).toBe(2);
    expect(complaintOf(result)).toContain("at least 1536");
  });

  it("for an unknown flag", async () => {
    const result = await runCommand(["--corpus", corpus, "--query", "why?", "--quary", "x"]);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain("--quary");
  });
});

describe.skipIf(!smol)("a run", () => {
  it("skips and lists a file that is no text or cannot be read", () =>
    withFolder(async (folder) => {
      mkdirSync(join(folder, "docs"));
      writeFileSync(join(folder, "docs/a.md"), "# Kiln\n\nThe kiln is opened on Sunday.\n");
      writeFileSync(join(folder, "docs/b.bin"), Buffer.from([0, 1, 2, 3]));
      writeFileSync(join(folder, "docs/c.md"), Buffer.from([0x66, 0xff, 0xfe, 0xfd]));
      chmodSync(join(folder, "docs/c.md"), 0);
      const report = join(folder, "report.md");
      const args = ["--corpus", join(folder, "docs"), "--query", "When is the kiln opened?", "--model", smol];
      const { code, stderr } = await runCommand([...args, "--output", report]);
      expect(code).toBe(0);
      expect(stderr).toContain("skipped b.bin");
      expect(stderr).toContain("skipped c.md");
      expect(readdirSync(folder).sort()).toEqual(["docs", "report.md"]);
    }));

  it.each(["model loading", "plan", "research"])(
    "ends with 130 and leaves no half file when it is interrupted at: %s",
    (stage) =>
      withFolder(async (folder) => {
        let sent = false;
        const result = await runCommand(
          [
            "--corpus",
            corpus,
            "--query",
            "When is the kiln opened?",
            "--model",
            smol,
            "--output",
            join(folder, "report.md"),
          ],
          {
            onStderr(text, kill) {
              if (sent || !text.includes(stage)) return;
              sent = true;
              kill("SIGINT");
            },
          },
        );
        expect(result.code).toBe(130);
        expect(result.stderr).not.toMatch(/\n\s+at /);
        expect(readdirSync(folder)).toEqual([]);
      }),
  );

  it.each(["a1  search", "synthesize"])(
    "leaves what was found in the report when it is interrupted after: %s",
    (stage) =>
      withFolder(async (folder) => {
        const report = join(folder, "report.md");
        let seen = 0;
        const args = ["--corpus", corpus, "--query", "When is the kiln opened?", "--model", smol, "--output", report];
        const result = await runCommand([...args, "--agents", "2", "--verbose"], {
          onStderr(text, kill) {
            // After the stage began, the first thing that an agent has read is on its way or there.
            const at = text.indexOf(stage);
            if (seen === 1 || at < 0 || !text.slice(stage === "synthesize" ? 0 : at).includes("[p1]")) return;
            seen = 1;
            kill("SIGINT");
          },
        });
        expect(result.code).toBe(130);
        expect(result.stderr).toContain("what was found so far is in");
        expect(readdirSync(folder)).toEqual(["report.md"]);
        const text = readFileSync(report, "utf8");
        expect(text).toContain("the run ended early (interrupted)");
        expect(text).toMatch(/\*\*\[p1\]\*\* `pottery\.md:\d+-\d+` \(quote verified\)/);
        expect(text).toMatch(/- a1 \(\w+\)/);
      }),
  );
});
