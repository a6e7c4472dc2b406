import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { newOwnerName, ownerState } from "./owner.ts";

vi.setConfig({ testTimeout: 60_000 });

/** A process that prints its name and stays. */
const nodeArguments = [
  "--import",
  import.meta.resolve("tsx"),
  "--eval",
  `import("${fileURLToPath(new URL("owner.ts", import.meta.url))}").then(async ({ newOwnerName }) => {
    console.log(await newOwnerName());
    setInterval(() => {}, 1e9);
  })`,
];

it("this process is alive, and every name that it gives is another", async () => {
  const names = await Promise.all([newOwnerName(), newOwnerName()]);
  for (const name of names) expect(await ownerState(name)).toBe("alive");
  expect(new Set(names).size).toBe(2);
});

it("a name can stand in a path", async () => {
  expect(await newOwnerName()).toMatch(/^[\w.~@-]+$/);
});

it("a process that has ended is dead, and was alive before", async () => {
  const child = spawn(process.execPath, nodeArguments, { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const name = `${(await once(child.stdout, "data"))[0]}`.trim();
  expect(await ownerState(name)).toBe("alive");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await ownerState(name)).toBe("dead");
});

it.runIf(existsSync("/proc/self/stat"))("a process that was killed is dead though nobody waits for it", async () => {
  // The shell becomes a program that never asks after the child which it has inherited.
  const command = [process.execPath, ...nodeArguments].map((word) => `'${word}'`).join(" ");
  const parent = spawn("sh", ["-c", `${command} & exec sleep 600`], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const name = `${(await once(parent.stdout, "data"))[0]}`.trim();
  const pid = Number.parseInt(name, 10);
  expect(await ownerState(name)).toBe("alive");
  process.kill(pid, "SIGKILL");
  await vi.waitFor(async () => expect(await ownerState(name)).toBe("dead"), 10_000);
  expect(process.kill(pid, 0)).toBe(true); // its number is still taken
});

it("a new process with an old number is not taken for the old one", async () => {
  expect(await ownerState(await nameWith({ start: "0a1b2c3d-1" }))).toBe("dead");
});

it("a process that could not say when it began is taken for whoever has its number", async () => {
  expect(await ownerState(await nameWith({ start: "" }))).toBe("alive");
  expect(await ownerState(await nameWith({ start: "", pid: 2 ** 31 - 2 }))).toBe("dead");
});

it("of another machine or container nothing is said", async () => {
  expect(await ownerState(await nameWith({ place: "another~pid4026531836" }))).toBe("elsewhere");
});

it.each(["", "12", "b179c9523d0e-0123456789ab", "b179c9523d0e.lock", "1.x.0123456789ab", "../1.x.0123456789ab@h"])(
  "%j is nobody's name",
  async (name) => {
    expect(await ownerState(name)).toBeUndefined();
  },
);

/** This process's name, with parts of it changed. */
async function nameWith(changes: { pid?: number; start?: string; place?: string }): Promise<string> {
  const [, pid, start, random, place] = /^(\d+)\.([\w-]*)\.(\w+)@(.+)$/.exec(await newOwnerName())!;
  const parts = { pid, start, place, ...changes };
  return `${parts.pid}.${parts.start}.${random}@${parts.place}`;
}
