import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import type { Clock } from "@agency/core";
import { describe, expect, it } from "vitest";
import { dialFirst, inTurns, isSameAddress } from "./dial-first.ts";

const never = new AbortController().signal;

/** Sleeps end when a test says so. */
function gatedClock(): Clock & { pass(): void } {
  const gate = new EventEmitter();
  return {
    now: () => 0,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        gate.once("pass", () => resolve());
        signal?.addEventListener("abort", () => resolve());
      }),
    pass: () => void gate.emit("pass"),
  };
}

describe("dialling several addresses", () => {
  it("takes turns between the families, IPv4 first, and stops at six", () => {
    expect(inTurns(["2001:db8::1", "2001:db8::2", "192.0.2.1"])).toEqual([
      "192.0.2.1",
      "2001:db8::1",
      "2001:db8::2",
    ]);
    expect(inTurns(Array.from({ length: 50 }, (_, at) => `192.0.2.${at}`))).toHaveLength(6);
  });

  it("goes on at once after a failure", async () => {
    const socket = new Socket();
    const dialled: string[] = [];
    const dial = async (address: string) => {
      dialled.push(address);
      if (address === "2") return socket;
      throw new Error("no route");
    };
    expect(await dialFirst(["1", "2", "3"], dial, gatedClock(), never)).toEqual({ socket, address: "2" });
    expect(dialled).toEqual(["1", "2"]);
  });

  it("does not wait for an address that keeps silent, and gives up on it when another answers", async () => {
    const clock = gatedClock();
    const silent = Promise.withResolvers<AbortSignal>();
    const socket = new Socket();
    const dial = (address: string, signal: AbortSignal): Promise<Socket> => {
      if (address === "2") return Promise.resolve(socket);
      silent.resolve(signal);
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("stop"))),
      );
    };
    const won = dialFirst(["1", "2"], dial, clock, never);
    const signal = await silent.promise;
    clock.pass();
    expect(await won).toEqual({ socket, address: "2" });
    expect(signal.aborted).toBe(true);
  });

  it("closes a connection that comes too late", async () => {
    const clock = gatedClock();
    const late = new Socket();
    const slow = Promise.withResolvers<Socket>();
    const dialled = Promise.withResolvers<void>();
    const dial = (address: string): Promise<Socket> => {
      dialled.resolve();
      return address === "1" ? slow.promise : Promise.resolve(new Socket());
    };
    const won = dialFirst(["1", "2"], dial, clock, never);
    await dialled.promise;
    clock.pass();
    await won;
    slow.resolve(late);
    await new Promise((resolve) => setImmediate(resolve));
    expect(late.destroyed).toBe(true);
  });

  it("knows an address by any spelling", () => {
    expect(isSameAddress("2001:db8::1", "2001:DB8:0:0::1")).toBe(true);
    expect(isSameAddress("127.0.0.1", "127.0.0.2")).toBe(false);
    expect(isSameAddress("127.0.0.1", "::ffff:127.0.0.1")).toBe(false);
    expect(isSameAddress("", "127.0.0.1")).toBe(false);
  });
});
