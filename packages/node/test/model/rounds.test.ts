// Contexts come and go, and the process stays as large as it was.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import { expect, it } from "vitest";

const rounds = 1000;
const mebibyte = 2 ** 20;

it(`has the same memory after ${rounds} rounds of create, use and dispose`, { timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "lloyal-rounds-"));
  try {
    const modelPath = join(folder, "tiny.gguf");
    writeFileSync(modelPath, writeGguf(tinyModel()));
    const child = join(import.meta.dirname, "rounds-child.ts");
    const flags = ["--expose-gc", "--conditions=source", "--import", "tsx", child, modelPath, String(rounds)];
    const options = { cwd: join(import.meta.dirname, "../.."), encoding: "utf8" } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, flags, options);
    expect(status, stderr).toBe(0);
    const resident = stdout.trim().split("\n").map(Number);
    // A context has three mebibytes: were one context in twenty not given back, the second half would show it.
    const [half, end] = [resident[Math.floor(resident.length / 2)] as number, resident.at(-1) as number];
    expect(end - half, `resident: ${resident.map((bytes) => Math.round(bytes / mebibyte))} MiB`).toBeLessThan(
      16 * mebibyte,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
