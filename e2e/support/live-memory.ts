import { once } from "node:events";
import type { Agency } from "./agency.ts";

/** A server that is started with it lets its memory be looked into. */
export const LOOKED_INTO = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

/** Bytes of the server that are in use, as its own debugger counts them once all garbage is gone. */
export async function bytesInUse(agency: Agency): Promise<number> {
  const address = agency.log.map((line) => /^Debugger listening on (ws:\S+)$/.exec(line)?.[1]).find(Boolean);
  if (address === undefined) throw new Error("start the server with LOOKED_INTO");
  const socket = new WebSocket(address);
  await once(socket, "open");
  try {
    await ask(socket, 1, "HeapProfiler.collectGarbage", {});
    const expression = "((use) => use.heapUsed + use.external)(process.memoryUsage())";
    return Number((await ask(socket, 2, "Runtime.evaluate", { expression })).result?.value);
  } finally {
    socket.close();
  }
}

interface Answer {
  result?: { value: unknown };
}

async function ask(socket: WebSocket, id: number, method: string, params: object): Promise<Answer> {
  socket.send(JSON.stringify({ id, method, params }));
  for (;;) {
    const [message] = (await once(socket, "message")) as [MessageEvent];
    const answer = JSON.parse(String(message.data)) as { id?: number; result: Answer };
    if (answer.id === id) return answer.result;
  }
}
