import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEgress } from "@agency/broker";
import { AgencyError } from "@agency/contract";
import type { EventOf, Network } from "@agency/contract";
import { realClock } from "../../../../runner/src/clocks/real-clock.ts";
import { startProxy } from "../../../../runner/src/proxy/start-proxy.ts";
import type { Proxy } from "../../../../runner/src/proxy/start-proxy.ts";
import { createSilentLogger } from "../../http/testing/silent-logger.ts";
import { createEgressDoor } from "../egress-door.ts";

export const TOKEN = "token-of-the-attempt";

type Report = EventOf<"network">["data"];

export interface WayOut extends AsyncDisposable {
  /** The port inside the sandbox. */
  readonly proxy: Proxy;
  /** The door's socket outside. */
  readonly doorPath: string;
  readonly reports: Report[];
  readonly fenced: AbortController;
  /** What the account has beside nothing: to be changed by a test. */
  readonly rules: { closed?: string[]; lists?: Map<string, string[]> };
  judgeAgain(): Promise<void>;
  nextReport(): Promise<Report>;
  closeDoor(): void;
}

/**
 * The whole way of a connection: proxy, door on a unix socket, broker. Names below .example lead to this machine,
 * and only here is it taken for public.
 */
export async function openWayOut(network: Network): Promise<WayOut> {
  const rules: WayOut["rules"] = {};
  const folder = await mkdtemp(join(tmpdir(), "way-out-"));
  const doorPath = join(folder, "door.sock");
  const reports: Report[] = [];
  const waiting: ((report: Report) => void)[] = [];
  const fenced = new AbortController();
  const egress = createEgress({
    policyOf: async () => ({ network, allowInternalNetwork: false, lists: new Map(), closed: [], ...rules }),
    report(_caller, data) {
      reports.push(data);
      waiting.shift()?.(data);
    },
    fence: { watch: () => ({ signal: fenced.signal, release: () => undefined }) },
    clock: realClock,
    logger: createSilentLogger(),
    resolve: async (name) => (name.endsWith(".example") ? ["127.0.0.1"] : []),
    kindOf: (address) => (address === "127.0.0.1" ? "public" : "loopback"),
    ownAddresses: { has: () => false },
  });
  const door = createEgressDoor({
    async access(token) {
      if (token === TOKEN) return { taskId: "task", accountId: "anna", epoch: 1 };
      throw new AgencyError("unauthenticated", "This is not a token of a known attempt.");
    },
    open: egress.open,
    logger: createSilentLogger(),
  });
  const server = createServer((_incoming, outgoing) => outgoing.writeHead(404).end());
  server.on("connect", door.connect);
  server.listen(doorPath);
  await once(server, "listening");
  const proxy = await startProxy({ door: doorTo(doorPath), clock: realClock, attempt: { token: TOKEN } });
  return {
    proxy,
    doorPath,
    reports,
    fenced,
    rules,
    judgeAgain: () => egress.judgeAgain("anna"),
    nextReport: () => new Promise((resolve) => waiting.push(resolve)),
    closeDoor: door.close,
    async [Symbol.asyncDispose]() {
      await proxy.close();
      door.close();
      egress.close();
      server.close();
      await once(server, "close");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function doorTo(path: string): Parameters<typeof startProxy>[0]["door"] {
  return {
    async connect() {
      const socket = connect({ path });
      await once(socket, "connect");
      return socket;
    },
    async *each() {
      yield await this.connect();
    },
    distrust: () => undefined,
  };
}
