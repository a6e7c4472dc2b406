import { once } from "node:events";
import { expect, it, vi } from "vitest";
import { Listeners } from "./listeners.ts";

it("a listener that throws is called no more, the others hear everything, and the process is warned once", async () => {
  const warned = vi.spyOn(process, "emitWarning");
  const warning = once(process, "warning");
  const listeners = new Listeners<number>("numbers");
  const heard: number[] = [];
  const broken = vi.fn(() => {
    throw new RangeError("the disk is full");
  });
  listeners.add(broken);
  listeners.add((value) => heard.push(value));
  for (const value of [1, 2, 3]) listeners.tell(value);
  expect(heard).toEqual([1, 2, 3]);
  expect(broken).toHaveBeenCalledOnce();
  expect(warned).toHaveBeenCalledOnce();
  expect(await warning).toMatchObject([
    { name: "LloyalWarning", code: "LISTENER_FAILED", detail: expect.stringContaining("the disk is full") },
  ]);
  warned.mockRestore();
});

it("a listener that was taken away hears nothing", () => {
  const listeners = new Listeners<number>("numbers");
  const heard: number[] = [];
  const stop = listeners.add((value) => heard.push(value));
  listeners.tell(1);
  stop();
  listeners.tell(2);
  expect(heard).toEqual([1]);
});
