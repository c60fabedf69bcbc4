import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createWebSockets } from "./web-sockets.ts";

let server: Server;

beforeEach(async () => {
  const webSockets = createWebSockets();
  server = createServer().listen(0, "127.0.0.1");
  server.on("upgrade", (incoming, socket, head) => {
    const name = incoming.url?.slice(1) ?? "";
    const stream = webSockets.accept(incoming, socket, head, name === "nobody" ? [] : [`session=${name}`]);
    stream?.end(`to ${name}`);
  });
  await once(server, "listening");
});
afterEach(() => void server.close());

async function open(name: string): Promise<{ cookies: string[] | undefined; said: string }> {
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`);
  const said = once(socket, "message");
  const [answer] = (await once(socket, "upgrade")) as [IncomingMessage];
  const [message] = (await said) as [Buffer];
  socket.close();
  return { cookies: answer.headers["set-cookie"], said: message.toString() };
}

describe("the sockets of browsers", () => {
  it("carry the bytes and the cookies of their own person only, many at once", async () => {
    const opened = await Promise.all(["ann", "bob", "nobody", "cat"].map(open));
    expect(opened).toEqual([
      { cookies: ["session=ann"], said: "to ann" },
      { cookies: ["session=bob"], said: "to bob" },
      { cookies: undefined, said: "to nobody" },
      { cookies: ["session=cat"], said: "to cat" },
    ]);
  });
});
