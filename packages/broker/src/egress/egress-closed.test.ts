import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dialSocket } from "./dial-first.ts";
import type { Dial } from "./dial-first.ts";
import type { EgressDeps } from "./egress.ts";
import { openEgress } from "./testing/open-egress.ts";
import { listenEverywhere } from "./testing/listen-everywhere.ts";
import type { EverywhereListener } from "./testing/listen-everywhere.ts";

const PUBLIC: Partial<EgressDeps> = { kindOf: () => "public", ownAddresses: { has: () => false } };
const NOT_OWN = { ownAddresses: { has: () => false } };
const NAME = "innocent.example";

let listener: EverywhereListener;
beforeAll(async () => {
  listener = await listenEverywhere((socket) => socket.end("the canary"));
});
afterAll(() => listener[Symbol.asyncDispose]());

/** Everything that can be written for an address that a task must never reach. */
const SPELLINGS = [
  ["127.0.0.1", "127.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.0.0.1."],
  ["１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "user@127.0.0.1", "a.com@127.0.0.1", "127.0.0.1%00.a.com"],
  [
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::7f00:1]",
  ],
  [
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[::ffff:0:127.0.0.1]",
  ],
  ["[fe80::1]", "[fe80::1%lo]", "[fec0::1]", "[ff02::1]", "[fd00:ec2::254]", "[fd20:ce::254]"],
  [
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "169.254.1.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
  ],
  ["198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.8"],
  [
    "localhost",
    "localhost.",
    "LOCALHOST",
    "x.localhost",
    "metadata.google.internal",
    "metadata",
    "metadata.goog",
  ],
  [
    "host.docker.internal",
    "innocent.example\0.a.com",
    "a.com\r\nhost: 127.0.0.1",
    "http://127.0.0.1",
    "unix:/run",
  ],
].flat();
const PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "[fc00::1]", "[fd12::1]"];

describe("an address that is closed", () => {
  const resolve = async () => expect.unreachable("a name was looked up");
  const dial: Dial = async (address) => expect.unreachable(`${address} was dialled`);

  it.each(SPELLINGS)("is not reached as %j, with or without the internal network", async (host) => {
    for (const allowInternalNetwork of [false, true]) {
      await using out = openEgress(
        { network: "internet", allowInternalNetwork },
        { ...NOT_OWN, resolve, dial },
      );
      expect(await out.open(`${host}:${listener.port}`)).toMatchObject({ ok: false, status: 403 });
      expect(out.reports).toMatchObject([{ verdict: "denied", bytesIn: 0, bytesOut: 0 }]);
      expect(out.watched()).toBe(0);
    }
    expect(listener.hits).toHaveLength(0);
  });

  it.each(PRIVATE)("is not reached as %s unless the task has the internal network", async (host) => {
    const dialled: string[] = [];
    const refuse: Dial = async (address) => {
      dialled.push(address);
      throw Object.assign(new Error("nobody"), { code: "ECONNREFUSED" });
    };
    await using shut = openEgress({ network: "internet", allowInternalNetwork: false }, { ...NOT_OWN, dial });
    expect(await shut.open(`${host}:80`)).toMatchObject({ status: 403, reason: "closed_address" });
    await using open = openEgress(
      { network: "internet", allowInternalNetwork: true },
      { ...NOT_OWN, dial: refuse },
    );
    expect(await open.open(`${host}:80`)).toMatchObject({ status: 502, reason: "connection_refused" });
    expect(dialled).toHaveLength(1);
    await using own = openEgress(
      { network: "internet", allowInternalNetwork: true },
      { ownAddresses: { has: () => true }, dial },
    );
    expect(await own.open(`${host}:80`)).toMatchObject({ status: 403, reason: "closed_address" });
  });

  it.each(["127.0.0.1", "127.1", "2130706433", "0x7f.1", "017700000001", "[::1]", "[::ffff:7f00:1]"])(
    "would be reached as %s without the guard, so the guard is what this proves",
    async (host) => {
      const before = listener.hits.length;
      await using out = openEgress({ network: "internet", allowInternalNetwork: false }, PUBLIC);
      const opened = await out.open(`${host}:${listener.port}`);
      expect(opened).toMatchObject({ ok: true });
      if (opened.ok) expect((await opened.socket.toArray()).join("")).toBe("the canary");
      expect(listener.hits.length).toBe(before + 1);
      listener.hits.length = 0;
    },
  );
});

describe("a name that leads to a closed address", () => {
  async function tried(answers: readonly (readonly string[])[], deps: object = {}) {
    let asked = 0;
    const dialled: string[] = [];
    const out = openEgress(
      { network: { allow: [`*.example:${listener.port}`] }, allowInternalNetwork: false },
      {
        ...NOT_OWN,
        resolve: async () => answers[Math.min(asked++, answers.length - 1)] ?? [],
        dial: (address, port, signal) => {
          dialled.push(address);
          return dialSocket(address, port, signal);
        },
        ...deps,
      },
    );
    const name = `x.${NAME}:${listener.port}`;
    return { out, name, dialled, asked: () => asked };
  }

  it.each([
    [["127.0.0.1"]],
    [["::1"]],
    [["203.0.113.7", "127.0.0.1"]],
    [["127.0.0.1", "203.0.113.7"]],
    [["203.0.113.7", "::1"]],
    [["203.0.113.7", "10.0.0.5"]],
    [["203.0.113.7", "::ffff:203.0.113.7"]],
    [["169.254.169.254"]],
    [["fd00:ec2::254"]],
    [["64:ff9b::7f00:1"]],
    [["fe80::1%lo"]],
    [["not an address"]],
  ])("is refused whole when it answers %j", async (answers) => {
    const { out, name, dialled } = await tried([answers]);
    await using _ = out;
    expect(await out.open(name)).toMatchObject({ status: 403, reason: "closed_address" });
    expect(dialled).toEqual([]);
    expect(listener.hits).toHaveLength(0);
  });

  it("is looked up once: what it answers a second time is never asked for", async () => {
    const kindOf = (address: string) => (address === "::1" ? "public" : "loopback");
    const { out, name, dialled, asked } = await tried([["::1"], ["127.0.0.1"]], { kindOf });
    await using _ = out;
    expect(await out.open(name)).toMatchObject({ ok: true });
    expect([asked(), dialled]).toEqual([1, ["::1"]]);
    expect(await out.open(name)).toMatchObject({ status: 403 });
    expect(dialled).toEqual(["::1"]);
    listener.hits.length = 0;
  });

  it("is refused when another address answers than was dialled", async () => {
    const { out, name } = await tried([["203.0.113.7"]], {
      dial: (_address: string, port: number, signal: AbortSignal) => dialSocket("127.0.0.1", port, signal),
    });
    await using _ = out;
    const arrived = listener.nextHit();
    expect(await out.open(name)).toMatchObject({ status: 403, reason: "closed_address" });
    const hit = await arrived;
    await new Promise<unknown>((resolve) => (hit.closed ? resolve(0) : hit.resume().once("close", resolve)));
    expect(hit.bytesRead).toBe(0);
    listener.hits.length = 0;
  });

  it("is not looked up at all when the list does not hold it", async () => {
    const { out, asked } = await tried([["203.0.113.7"]]);
    await using _ = out;
    expect(await out.open("c2vjcmv0.evil.test:443")).toMatchObject({ reason: "not_listed" });
    expect(asked()).toBe(0);
    expect(out.reports[0]).toMatchObject({ host: "c2vjcmv0.evil.test", port: 443, verdict: "denied" });
  });

  it("is this machine when one of its own addresses is", async () => {
    const { out, name, dialled } = await tried([["203.0.113.7"]], {
      ownAddresses: { has: (address: string) => address === "203.0.113.7" },
    });
    await using _ = out;
    expect(await out.open(name)).toMatchObject({ status: 403, reason: "closed_address" });
    expect(dialled).toEqual([]);
  });
});
