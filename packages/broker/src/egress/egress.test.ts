import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EgressDeps } from "./egress.ts";
import { networkReport } from "./testing/network-report.ts";
import { listenEverywhere } from "./testing/listen-everywhere.ts";
import type { EverywhereListener } from "./testing/listen-everywhere.ts";
import { caller, openEgress } from "./testing/open-egress.ts";

/** The stand-in for the world is on this machine, and only these tests are told that it is public. */
const WORLD: Partial<EgressDeps> = {
  kindOf: () => "public",
  ownAddresses: { has: () => false },
  resolve: async () => ["127.0.0.1"],
};
const INTERNET = { network: "internet", allowInternalNetwork: false } as const;

let echo: EverywhereListener;
beforeAll(async () => {
  echo = await listenEverywhere((socket) => socket.pipe(socket));
});
afterAll(() => echo[Symbol.asyncDispose]());

async function opened(out: ReturnType<typeof openEgress>, signal?: AbortSignal): Promise<Socket> {
  const answer = await out.open(`world.example:${echo.port}`, signal);
  if (!answer.ok) throw new Error(answer.message);
  return answer.socket;
}

describe("an open connection", () => {
  it("is reported when it ends: where it went, how long, how much each way", async () => {
    await using out = openEgress(INTERNET, WORLD);
    const socket = await opened(out);
    expect(out.reports).toEqual([]);
    const report = out.nextReport();
    socket.end("twelve bytes");
    expect((await socket.toArray()).join("")).toBe("twelve bytes");
    expect(networkReport(await report)).toMatchObject({
      host: "world.example",
      port: echo.port,
      via: "connect",
      verdict: "allowed",
      address: "127.0.0.1",
      bytesIn: 12,
      bytesOut: 12,
      count: 1,
    });
    expect(out.watched()).toBe(0);
  });

  it("is cut when its attempt is over, and says so", async () => {
    await using out = openEgress(INTERNET, WORLD);
    const socket = await opened(out);
    socket.write("still ");
    await once(socket, "data");
    const [report, closed] = [out.nextReport(), once(socket, "close")];
    out.fenced.abort();
    await closed;
    expect(await report).toMatchObject({
      verdict: "allowed",
      bytesIn: 6,
      reason: "Cut: the attempt is over.",
    });
    expect(await out.open(`world.example:${echo.port}`)).toMatchObject({ status: 403, reason: "over" });
  });

  it("is cut when the agent is gone", async () => {
    await using out = openEgress(INTERNET, WORLD);
    const gone = new AbortController();
    const closed = once(await opened(out, gone.signal), "close");
    gone.abort();
    await closed;
    expect(out.watched()).toBe(0);
  });

  it("is cut when nothing passes for ten minutes", async () => {
    await using out = openEgress(INTERNET, WORLD);
    const socket = await opened(out);
    expect(socket.timeout).toBe(600_000);
    const report = out.nextReport();
    socket.emit("timeout");
    expect(await report).toMatchObject({ reason: "Cut: nothing passed for ten minutes." });
  });

  it("is cut and reported when the server stops", async () => {
    const out = openEgress(INTERNET, WORLD);
    const report = out.nextReport();
    const closed = once(await opened(out), "close");
    out.egress.close();
    await closed;
    expect(await report).toMatchObject({ verdict: "allowed" });
  });

  it("counts against its attempt and against all until it is closed", async () => {
    await using out = openEgress(INTERNET, { ...WORLD, limits: { perAttempt: 2, inAll: 3 } });
    const first = await opened(out);
    await opened(out);
    expect(await out.open(`world.example:${echo.port}`)).toMatchObject({ status: 403, reason: "too_many" });
    const other = { ...caller, epoch: 2 };
    const never = new AbortController().signal;
    const open = () => out.egress.open(other, `world.example:${echo.port}`, "http", never);
    expect(await open()).toMatchObject({ ok: true });
    expect(await open()).toMatchObject({
      reason: "too_many",
      message: expect.stringContaining("Try again later"),
    });
    const closed = once(first, "close");
    first.destroy();
    await closed;
    expect(await open()).toMatchObject({ ok: true });
  });
});

describe("a connection that cannot be made", () => {
  it("to a host nobody knows", async () => {
    await using out = openEgress(INTERNET, { ...WORLD, resolve: async () => [] });
    expect(await out.open("nowhere.example:443")).toMatchObject({
      status: 502,
      reason: "unknown_host",
      message: "nowhere.example is not a known host: no name server has an address for it.",
    });
    expect(out.reports).toMatchObject([{ verdict: "failed", host: "nowhere.example" }]);
  });

  it("because the name servers are silent", async () => {
    const resolve = () => Promise.reject(new Error("ETIMEOUT"));
    await using out = openEgress(INTERNET, { ...WORLD, resolve });
    expect(await out.open("a.example:443")).toMatchObject({ status: 502, reason: "unknown_host" });
  });

  it("to a port where nothing listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    await using out = openEgress(INTERNET, WORLD);
    expect(await out.open(`a.example:${port}`)).toMatchObject({ status: 502, reason: "connection_refused" });
  });

  it.each(["resolve", "dial"])("within fifteen seconds, whoever is slow: %s", async (slow) => {
    const asked = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const waits: number[] = [];
    const silent = () => {
      asked.resolve();
      return new Promise<never>(() => undefined);
    };
    const dial = (_address: string, _port: number, signal: AbortSignal) => {
      asked.resolve();
      return new Promise<never>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("given up"))),
      );
    };
    await using out = openEgress(INTERNET, {
      ...WORLD,
      ...(slow === "resolve" ? { resolve: silent } : { dial }),
      clock: {
        now: () => 0,
        sleep: (ms) => {
          waits.push(ms);
          return ms === 15_000 ? late.promise : Promise.resolve();
        },
      },
    });
    const answer = out.open("a.example:443");
    await asked.promise;
    late.resolve();
    expect(await answer).toMatchObject({
      status: 504,
      reason: "slow",
      message: "a.example:443 did not answer within 15 seconds.",
    });
    expect(waits).toContain(15_000);
    expect(out.watched()).toBe(0);
  });

  it("because the agent hung up meanwhile", async () => {
    const gone = new AbortController();
    const resolve = () => {
      gone.abort();
      return new Promise<never>(() => undefined);
    };
    await using out = openEgress(INTERNET, { ...WORLD, resolve });
    expect(await out.open("a.example:443", gone.signal)).toMatchObject({ reason: "gone" });
  });

  it("for an attempt nobody knows any more", async () => {
    await using out = openEgress(null, WORLD);
    expect(await out.open("a.example:443")).toMatchObject({ status: 403, reason: "over" });
  });

  it("when the policy cannot be read: closed, not open", async () => {
    const policyOf = () => Promise.reject(new Error("the database is away"));
    await using out = openEgress(INTERNET, { ...WORLD, policyOf });
    const answer = await out.open("a.example:443");
    expect(answer).toMatchObject({ status: 502, reason: "unreachable" });
    expect(JSON.stringify(answer)).not.toContain("database");
  });

  it("is told in words an event can hold, whatever was asked for", async () => {
    await using out = openEgress(INTERNET, WORLD);
    await out.open(`\0evil\r\n${"x".repeat(5_000)}`);
    const [report] = out.reports;
    expect(networkReport(report).host).toHaveLength(255);
    expect(report).toMatchObject({
      port: 0,
      verdict: "denied",
      host: expect.stringMatching(/^\?evil\?\?x+$/),
    });
  });
});
