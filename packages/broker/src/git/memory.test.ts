import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FLUSH, pktLine } from "./pkt-line.ts";
import { CALLER } from "./testing/git-lab.ts";

const MiB = 1024 * 1024;
const BLOCK = Buffer.alloc(64 * 1024, 7);
const TOTAL = 200 * MiB;

/** A host that answers and takes 200 MB as fast as it can, without git's own work on a pack of that size. */
const host = createServer((incoming, outgoing) => void answer(incoming, outgoing));
let child: ChildProcess;
let repository: string;

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const [service = ""] = /git-(?:upload|receive)-pack/.exec(incoming.url ?? "") ?? [];
  const isQuestion = incoming.method === "GET";
  let taken = 0;
  for await (const chunk of incoming) taken += Buffer.byteLength(chunk);
  outgoing.writeHead(200, {
    "content-type": `application/x-${service}-${isQuestion ? "advertisement" : "result"}`,
  });
  if (!isQuestion && service === "git-upload-pack") await sendMuch(outgoing);
  outgoing.end(String(taken));
}

async function sendMuch(to: Writable): Promise<void> {
  for (let sent = 0; sent < TOTAL; sent += BLOCK.length) if (!to.write(BLOCK)) await once(to, "drain");
}

beforeAll(async () => {
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  const address = host.address();
  const name = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  child = fork(join(import.meta.dirname, "testing", "serve-for-measure.ts"), [name], { execArgv: [] });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  repository = `${url}/git/http/${name}/large.git`;
  // The first request loads what is loaded once.
  await (await fetch(`${repository}/info/refs?service=git-receive-pack`)).text();
});
afterAll(async () => {
  const gone = once(child, "exit");
  child.disconnect();
  await gone;
  host.closeAllConnections();
  host.close();
});

/** How much the process that holds the route grew at most. */
async function growthOver(action: () => Promise<void>): Promise<number> {
  const ask = async (): Promise<{ rss: number; peak: number }> => {
    const told = once(child, "message");
    child.send("how much?");
    return (await told)[0] as { rss: number; peak: number };
  };
  const before = await ask();
  await action();
  return ((await ask()).peak - before.rss) / MiB;
}

async function post(service: string, write: (to: Writable) => Promise<void>): Promise<number> {
  const outgoing = request(`${repository}/${service}`, { method: "POST" });
  const answered = once(outgoing, "response");
  await write(outgoing);
  outgoing.end();
  const [response] = (await answered) as [IncomingMessage];
  let size = 0;
  let last = "";
  for await (const chunk of response) {
    size += Buffer.byteLength(chunk);
    last = String(chunk).slice(-12);
  }
  expect(response.statusCode).toBe(200);
  return service === "git-upload-pack" ? size : Number(last);
}

it("a clone of 200 MB adds less than 30 MB to the server's memory", async () => {
  const grown = await growthOver(async () => {
    expect(await post("git-upload-pack", async (to) => void to.write(FLUSH))).toBeGreaterThan(TOTAL);
  });
  expect(grown).toBeLessThan(30);
});

it("so does a push", async () => {
  const line = `${"0".repeat(40)} ${"1".repeat(40)} refs/heads/agency/${CALLER.taskId}/x\0report-status`;
  const grown = await growthOver(async () => {
    const taken = await post("git-receive-pack", async (to) => {
      to.write(Buffer.concat([pktLine(line), FLUSH]));
      await sendMuch(to);
    });
    expect(taken).toBeGreaterThan(TOTAL);
  });
  expect(grown).toBeLessThan(30);
});
