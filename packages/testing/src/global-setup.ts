import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { spawnTestCluster } from "./test-cluster.ts";
import type { TestCluster } from "./test-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A local port that answers every connection with the address of the test database server. */
    testCluster: number;
  }
}

/**
 * One database server for the whole run, started by the first test file that asks for it: a run that needs
 * none pays nothing, and leaves nothing.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let cluster: Promise<TestCluster> | null = null;
  const door = await listen(async (socket) => {
    cluster ??= startCluster();
    try {
      socket.end(JSON.stringify({ url: await (await cluster).url }));
    } catch (error) {
      socket.end(JSON.stringify({ error: String(error) }));
    }
  });
  project.provide("testCluster", portOf(door));
  return async () => {
    door.close();
    await (await cluster)?.stop();
  };
}

async function startCluster(): Promise<TestCluster> {
  return spawnTestCluster(await mkdtemp(join(tmpdir(), "agency-tests-")));
}

function listen(answer: (socket: Socket) => Promise<void>): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      void answer(socket);
    });
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the door has no port");
  return address.port;
}
