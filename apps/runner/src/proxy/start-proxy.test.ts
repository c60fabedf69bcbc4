import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClock } from "../clocks/real-clock.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { createDoor } from "../uplink/door.ts";
import { startProxy } from "./start-proxy.ts";
import type { Proxy } from "./start-proxy.ts";

/** The door's end: what it was asked, and what a test lets it answer. */
type Answering = (request: IncomingMessage, socket: Socket) => void;

const GRANT: Answering = (_request, socket) => {
  socket.write("HTTP/1.1 200 OK\r\n\r\n");
  socket.pipe(socket);
};

function refusing(status: number, reason: string): Answering {
  const body = JSON.stringify({ reason, message: "No. Because." });
  return (_request, socket) =>
    socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
}

describe("the proxy inside the sandbox", () => {
  let folder: string;
  let server: Server;
  let sockets: number;
  let proxy: Proxy;
  let asked: IncomingMessage[];
  let answer: Answering;

  async function openDoor(): Promise<void> {
    server = createServer().on("connect", (request, socket: Socket) => {
      socket.on("error", () => undefined);
      asked.push(request);
      answer(request, socket);
    });
    sockets += 1;
    server.listen(join(folder, `${sockets}.sock`));
    await once(server, "listening");
  }
  async function closeDoor(): Promise<void> {
    server.close();
    await once(server, "close");
  }
  const start = (clock: Parameters<typeof startProxy>[0]["clock"] = realClock) =>
    startProxy({ door: createDoor(folder), clock, attempt: { token: "secret" } });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "proxy-"));
    [asked, sockets, answer] = [[], 0, GRANT];
    await openDoor();
    proxy = await start();
  });
  afterEach(async () => {
    await proxy.close();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Sends each part when something came back for the one before; gives all that came until the end. */
  async function talk(...parts: (string | number[])[]): Promise<Buffer> {
    const socket = connect(proxy.port, "127.0.0.1");
    const heard: Buffer[] = [];
    socket.on("error", () => undefined);
    socket.on("data", (part: Buffer) => {
      heard.push(part);
      const next = parts.shift();
      if (next === undefined) socket.end();
      else socket.write(bytes(next));
    });
    socket.write(bytes(parts.shift() ?? ""));
    await once(socket, "close");
    return Buffer.concat(heard);
  }
  const bytes = (part: string | number[]) => Buffer.from(part as string);
  const domain = (name: string) => [5, 1, 0, 3, name.length, ...Buffer.from(name, "latin1"), 1, 187];

  it("asks the door for what SOCKS5 clients want, with the token, and carries on", async () => {
    const heard = await talk([5, 1, 0], domain("a.example"), "ping");
    expect([...heard.subarray(0, 12)]).toEqual([5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(heard.subarray(12).toString()).toBe("ping");
    const [request] = asked;
    expect(request?.url).toBe("a.example:443");
    expect(request?.headers).toMatchObject({ authorization: "Bearer secret", "x-agency-via": "socks5" });
  });

  it("understands addresses, and requests that come byte by byte", async () => {
    const socket = connect(proxy.port, "127.0.0.1").setNoDelay(true);
    for (const byte of [5, 1, 0, 5, 1, 0, 1, 203, 0, 113, 9, 0, 80]) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    let heard = 0;
    while (heard < 12) heard += ((await once(socket, "data")) as [Buffer])[0].length;
    socket.destroy();
    expect(asked.at(-1)?.url).toBe("203.0.113.9:80");
  });

  it.each([
    ["a name with a NUL in it", [5, 1, 0], domain("evil.example\0.a.example"), 2],
    ["a name with a space in it", [5, 1, 0], domain("a b"), 2],
    ["BIND", [5, 1, 0], [5, 2, 0, 1, 1, 1, 1, 1, 0, 80], 7],
    ["UDP", [5, 1, 0], [5, 3, 0, 1, 1, 1, 1, 1, 0, 80], 7],
    ["an unknown form of address", [5, 1, 0], [5, 1, 0, 9, 1, 1, 1, 1, 0, 80], 8],
  ])("refuses %s without asking anybody", async (_what, hello, request, code) => {
    const heard = await talk(hello, request);
    expect([...heard.subarray(2, 4)]).toEqual([5, code]);
    expect(asked).toEqual([]);
  });

  it.each([
    [403, "not_listed", 2],
    [502, "unknown_host", 4],
    [502, "connection_refused", 5],
    [504, "slow", 6],
    [401, "unauthenticated", 2],
  ])("says %i %s as SOCKS reply %i", async (status, reason, code) => {
    answer = refusing(status, reason);
    expect((await talk([5, 1, 0], domain("a.example")))[3]).toBe(code);
  });

  it("lets nobody in who insists on signing in", async () => {
    expect([...(await talk([5, 1, 2]))]).toEqual([5, 0xff]);
  });

  it.each([
    "CONNECT a.example:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    "GET http://a.example/ HTTP/1.1\r\nhost: x\r\n\r\n",
  ])("answers a refused %j with the sentence", async (request) => {
    answer = refusing(403, "not_listed");
    const heard = String(await talk(request));
    expect(heard).toMatch(/^HTTP\/1\.1 403 No\r\n/);
    expect(heard).toContain("text/plain");
    expect(heard).toContain("No. Because.\n");
  });

  it("does not pass on what the agent would like to say to the door", async () => {
    answer = refusing(403, "not_listed");
    await talk(
      "CONNECT a.example:443 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer stolen\r\nx-agency-via: http\r\n" +
        "proxy-authorization: Basic agent\r\n\r\n",
    );
    expect(asked[0]?.rawHeaders.join()).not.toMatch(/stolen|agent$|Basic/);
    expect(asked[0]?.headers["x-agency-via"]).toBe("connect");
  });

  it.each(["GET / HTTP/1.1", "GET https://a.example/ HTTP/1.1", "GET ftp://a.example/ HTTP/1.1"])(
    "says what it is to a client that takes it for a server: %s",
    async (line) => {
      expect(String(await talk(`${line}\r\nhost: x\r\n\r\n`))).toContain("This is a proxy.");
      expect(asked).toEqual([]);
    },
  );

  it("makes a request to each server of its own, over one connection of the agent", async () => {
    answer = (_request, socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.once("data", (head) => {
        const [, host = ""] = /host: (\S+)/.exec(String(head)) ?? [];
        socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${host.length}\r\n\r\n${host}`);
      });
    };
    const get = (host: string, more = "") => `GET http://${host}/ HTTP/1.1\r\nhost: evil\r\n${more}\r\n`;
    const socket = connect(proxy.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (part) => (heard += String(part)));
    socket.write(get("a.example") + get("b.example", "connection: close\r\n"));
    await once(socket, "close");
    expect(asked.map(({ url }) => url)).toEqual(["a.example:80", "b.example:80"]);
    expect(heard).toMatch(/a\.example[^]*b\.example$/);
  });

  it("waits for a control plane that restarts", async () => {
    await closeDoor();
    const heard = talk([5, 1, 0], domain("a.example"), "ping");
    await openDoor();
    expect(String(await heard)).toContain("ping");
  });

  it("asks again when the control plane died before it answered", async () => {
    answer = (_request, socket) => {
      answer = GRANT;
      socket.destroy();
    };
    expect(String(await talk([5, 1, 0], domain("a.example"), "ping"))).toContain("ping");
    expect(asked).toHaveLength(2);
  });

  it("does not wait for ever for one that is away", async () => {
    await closeDoor();
    const clock = new ManualClock();
    await proxy.close();
    proxy = await start(clock);
    const heard = talk("CONNECT a.example:443 HTTP/1.1\r\nhost: x\r\n\r\n");
    let done: Buffer | void;
    do done = await Promise.race([heard, clock.advance(31_000)]);
    while (!done);
    expect(String(done)).toMatch(/^HTTP\/1\.1 502 The control plane does not answer/);
  });

  it("does not wait for ever for one that is silent", async () => {
    const clock = new ManualClock();
    await proxy.close();
    proxy = await start(clock);
    const knocked = Promise.withResolvers<void>();
    answer = () => knocked.resolve();
    const heard = talk([5, 1, 0], domain("a.example"));
    await knocked.promise;
    await clock.advance(31_000);
    expect((await heard)[3]).toBe(6);
  });

  it("cuts what is open when it is closed", async () => {
    const socket = connect(proxy.port, "127.0.0.1");
    socket.write("CONNECT a.example:443 HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket, "data");
    const closed = once(socket, "close");
    await proxy.close();
    await closed;
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["HTTP/1.1 200 O\x01K", "HTTP/1.1 200 O?K"],
    ["HTTP/1.1 200 \x7f", "HTTP/1.1 200 ?"],
    ["HTTP/1.1 099 Low", "HTTP/1.1 502 Low"],
  ])("survives a server that says %j", async (said, heard) => {
    answer = (_request, socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.once("data", () => socket.end(`${said}\r\ncontent-length: 2\r\n\r\nhi`));
    };
    const got = (
      await talk("GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n")
    ).toString();
    expect([got.split("\r\n")[0], got.endsWith("hi")]).toEqual([heard, true]);
  });
});
