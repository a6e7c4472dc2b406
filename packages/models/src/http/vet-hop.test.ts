import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { isPublicAddress, publicOnly, vetHop } from "./vet-hop.ts";

const fromPublic = { url: new URL("https://models.example/x"), isPublic: true };
const fromInside = { url: new URL("https://models.example/x"), isPublic: false };
const fromLoopback = { url: new URL("http://127.0.0.1:8080/x"), isPublic: false };

const inside = [
  "127.0.0.1",
  "2130706433",
  "0x7f.1",
  "0",
  "10.0.0.1",
  "100.64.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "192.168.1.1",
  "[::]",
  "[::1]",
  "[::ffff:7f00:1]",
  "[64:ff9b::a9fe:a9fe]",
  "[2002:7f00:1::]",
  "[fc00::1]",
  "[fe80::1]",
];

describe("a redirect", () => {
  it.each(inside)("from the public network to %s is refused", (host) => {
    expect(() => vetHop(new URL(`https://${host}/x`), fromPublic)).toThrow("from the public network");
  });

  it.each(inside)("within the own network may lead to %s", (host) => {
    vetHop(new URL(`https://${host}/x`), fromInside);
  });

  it("never leads from https to http, not even on this machine", () => {
    expect(() => vetHop(new URL("http://127.0.0.1/x"), fromInside)).toThrow("is not an https address");
    expect(() => vetHop(new URL("http://127.0.0.1/x"), fromPublic)).toThrow("is not an https address");
  });

  it("on this machine may stay on it, or leave it for https", () => {
    vetHop(new URL("http://[::1]:9/x"), fromLoopback);
    vetHop(new URL("http://localhost/x"), fromLoopback);
    vetHop(new URL("https://models.example/x"), fromLoopback);
    expect(() => vetHop(new URL("http://models.example/x"), fromLoopback)).toThrow("is not an https address");
  });
});

it.each(["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])("%s is a public address", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

describe("a name", () => {
  const resolve = promisify(publicOnly);

  it("that leads to this machine is refused when a socket looks it up", async () => {
    await expect(resolve("localhost", {})).rejects.toThrow("from the public network to localhost");
    await expect(resolve("localhost", { all: true })).rejects.toThrow("from the public network to localhost");
  });

  it("is answered as the socket asked: one address, or all of them", async () => {
    await expect(resolve("8.8.8.8", {})).resolves.toBe("8.8.8.8");
    await expect(resolve("8.8.8.8", { all: true })).resolves.toEqual([{ address: "8.8.8.8", family: 4 }]);
  });

  it("that nobody knows is said to be unknown", async () => {
    await expect(resolve("models.invalid", {})).rejects.toThrow("models.invalid");
  });
});
