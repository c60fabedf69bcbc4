import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { spawnTestCluster } from "./test-cluster.ts";
import type { TestCluster } from "./test-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A socket that answers every connection with the address of the test database server. */
    testCluster: string;
  }
}

/**
 * One database server for the whole run, started by the first test file that asks for it: a run that needs
 * none pays nothing.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "agency-tests-"));
  let cluster: TestCluster | null = null;
  const door = await listen(join(folder, "door"), (socket) => {
    cluster ??= spawnTestCluster(folder);
    cluster.url.then(
      (url) => socket.end(JSON.stringify({ url })),
      (error: Error) => socket.end(JSON.stringify({ error: error.message })),
    );
  });
  project.provide("testCluster", join(folder, "door"));
  return async () => {
    door.close();
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

function listen(path: string, answer: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      answer(socket);
    });
    server.once("error", reject).listen(path, () => resolve(server));
  });
}
