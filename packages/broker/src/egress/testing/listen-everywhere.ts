import { once } from "node:events";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";

export interface EverywhereListener extends AsyncDisposable {
  readonly port: number;
  /** Connections that arrived. */
  readonly hits: Socket[];
  nextHit(): Promise<Socket>;
}

/** One port on 127.0.0.1 and on ::1, which nothing a task asks for may reach. */
export async function listenEverywhere(serve: (socket: Socket) => void): Promise<EverywhereListener> {
  const hits: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const take = (socket: Socket): void => {
    hits.push(socket);
    waiting.shift()?.(socket);
    socket.on("error", () => undefined);
    serve(socket);
  };
  const v4 = await listen(take, "127.0.0.1", 0);
  const address = v4.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const v6 = await listen(take, "::1", port);
  return {
    port,
    hits,
    nextHit: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      for (const socket of hits) socket.destroy();
      for (const server of [v4, v6]) {
        server.close();
        await once(server, "close");
      }
    },
  };
}

async function listen(take: (socket: Socket) => void, host: string, port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, take);
  server.listen(port, host);
  await once(server, "listening");
  return server;
}
