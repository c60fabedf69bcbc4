import { once } from "node:events";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dialSocket } from "./dial-first.ts";
import type { Dial } from "./dial-first.ts";
import type { EgressDeps } from "./egress.ts";
import type { NetworkPolicy } from "./judge-target.ts";
import { caller, openEgress } from "./testing/open-egress.ts";
import { listenEverywhere } from "./testing/listen-everywhere.ts";
import type { EverywhereListener } from "./testing/listen-everywhere.ts";

const WORLD: Partial<EgressDeps> = {
  kindOf: () => "public",
  ownAddresses: { has: () => false },
  resolve: async () => ["127.0.0.1"],
};

let echo: EverywhereListener;
beforeAll(async () => {
  echo = await listenEverywhere((socket) => socket.pipe(socket));
});
afterAll(() => echo[Symbol.asyncDispose]());

/** Whatever address is dialled, the listener answers for it. */
const dialAsIf: Dial = async (address, _port, signal) => {
  const socket = await dialSocket("127.0.0.1", echo.port, signal);
  return Object.defineProperty(socket, "remoteAddress", { value: address });
};

/** A way out whose rules the test changes. */
function changing(deps: Partial<EgressDeps> = {}) {
  const policy = { network: "internet", allowInternalNetwork: false, lists: new Map(), closed: [] };
  const rules: { -readonly [K in keyof NetworkPolicy]: NetworkPolicy[K] } = {
    ...policy,
    network: "internet",
  };
  const out = openEgress(rules, { ...WORLD, ...deps });
  const opened = async (host: string): Promise<Socket> => {
    const answer = await out.open(`${host}:${echo.port}`);
    if (!answer.ok) throw new Error(answer.message);
    return answer.socket;
  };
  return { rules, out, opened };
}

describe("a connection that is open while the rules change", () => {
  it("is cut when its host is closed, with the reason; others stay, and new ones are refused", async () => {
    const { rules, out, opened } = changing();
    await using _ = out;
    const [bad, good] = [await opened("bad.example"), await opened("good.example")];
    const [report, closed] = [out.nextReport(), once(bad, "close")];
    rules.closed = ["bad.example"];
    await out.egress.judgeAgain(caller.accountId);
    await closed;
    expect(await report).toMatchObject({
      host: "bad.example",
      verdict: "allowed",
      reason: expect.stringMatching(/^Cut: bad\.example:\d+ is closed to every task of this account/),
    });
    good.write("still here");
    expect(String(await once(good, "data"))).toBe("still here");
    expect(await out.open(`bad.example:${echo.port}`)).toMatchObject({ status: 403, reason: "closed_host" });
  });

  it("is cut when its list loses the host, or is removed", async () => {
    const { rules, out, opened } = changing();
    await using _ = out;
    rules.network = { allow: ["ours"] };
    rules.lists = new Map([["ours", [`a.example:${echo.port}`, `b.example:${echo.port}`]]]);
    const [a, b] = [await opened("a.example"), await opened("b.example")];
    const first = once(a, "close");
    rules.lists = new Map([["ours", [`b.example:${echo.port}`]]]);
    await out.egress.judgeAgain(null);
    await first;
    expect(b.destroyed).toBe(false);
    const [second, report] = [once(b, "close"), out.nextReport()];
    rules.lists = new Map();
    await out.egress.judgeAgain(caller.accountId);
    await second;
    expect((await report).reason).toContain('The list "ours" was removed');
  });

  it("is cut when the address it leads to is closed, by whatever name it was asked for", async () => {
    const { rules, out, opened } = changing();
    await using _ = out;
    const closed = once(await opened("alias.example"), "close");
    rules.closed = ["127.0.0.1"];
    await out.egress.judgeAgain(caller.accountId);
    await closed;
    expect(await out.open(`alias.example:${echo.port}`)).toMatchObject({
      reason: "closed_host",
      message: expect.stringContaining(`alias.example:${echo.port} leads to 127.0.0.1, which is closed`),
    });
  });

  it("is cut when it was asked for by its address and names are closed since", async () => {
    const { rules, out } = changing({ dial: dialAsIf });
    await using _ = out;
    const answer = await out.open("203.0.113.7:443");
    if (!answer.ok) throw new Error(answer.message);
    const [closed, report] = [once(answer.socket, "close"), out.nextReport()];
    rules.closed = ["bad.example"];
    await out.egress.judgeAgain(caller.accountId);
    await closed;
    expect((await report).reason).toMatch(/^Cut: 203\.0\.113\.7:443 cannot be reached by its address/);
    expect(await out.open("203.0.113.7:443")).toMatchObject({ status: 403, reason: "closed_literal" });
  });

  it("is left alone when the rules of another account change", async () => {
    const { rules, out, opened } = changing();
    await using _ = out;
    const socket = await opened("bad.example");
    rules.closed = ["bad.example"];
    await out.egress.judgeAgain("somebody else");
    expect(socket.destroyed).toBe(false);
  });

  it("is cut as well when it was being dialled meanwhile", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<string[]>();
    const { rules, out, opened } = changing({
      resolve: () => {
        asked.resolve();
        return answer.promise;
      },
    });
    await using _ = out;
    const opening = opened("bad.example");
    await asked.promise;
    rules.closed = ["bad.example"];
    await out.egress.judgeAgain(caller.accountId);
    answer.resolve(["127.0.0.1"]);
    const socket = await opening;
    if (!socket.destroyed) await once(socket, "close");
    expect(socket.destroyed).toBe(true);
  });

  it("outlives a moment in which the rules cannot be read, and no more than that", async () => {
    let failing = 0;
    let naps = 0;
    const { out, opened } = changing({
      clock: {
        now: () => 0,
        sleep: async (_ms, signal) => {
          if (signal === undefined) naps += 1;
          else await once(signal, "abort");
        },
      },
      policyOf: async () => {
        failing -= 1;
        if (failing >= 0) throw new Error("the database is away");
        return { network: "internet", allowInternalNetwork: false, lists: new Map(), closed: [] };
      },
    });
    await using _ = out;
    const socket = await opened("good.example");
    failing = 2;
    await out.egress.judgeAgain(caller.accountId);
    expect([socket.destroyed, naps]).toEqual([false, 2]);
    const [closed, report] = [once(socket, "close"), out.nextReport()];
    failing = 5;
    await out.egress.judgeAgain(caller.accountId);
    await closed;
    expect((await report).reason).toContain("could not be read");
  });

  it("is cut when the rules are not answered for at all", async () => {
    let hangs = false;
    const { out, opened } = changing({
      clock: {
        now: () => 0,
        sleep: async (_ms, signal) => {
          if (!hangs && signal !== undefined) await once(signal, "abort");
        },
      },
      policyOf: async () => {
        if (hangs) await new Promise(() => undefined);
        return { network: "internet", allowInternalNetwork: false, lists: new Map(), closed: [] };
      },
    });
    await using _ = out;
    const socket = await opened("good.example");
    const [closed, report] = [once(socket, "close"), out.nextReport()];
    hangs = true;
    await out.egress.judgeAgain(caller.accountId);
    await closed;
    expect((await report).reason).toContain("could not be read");
  });
});
