import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server as TcpServer, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { curl } from "./testing/curl.ts";
import { openWayOut, TOKEN } from "./testing/way-out.ts";
import type { WayOut } from "./testing/way-out.ts";

const MiB = 1024 * 1024;
const NOT_LISTED =
  "other.example:443 is not on this task's network list (allow: a.example:PORT). Start the task with --network allow:other.example to open it.";

let world: Server;
let port: number;
let out: WayOut;
let serve: (incoming: IncomingMessage, outgoing: ServerResponse) => void;

beforeEach(async () => {
  serve = (incoming, outgoing) => {
    outgoing.setHeader("x-seen", JSON.stringify(incoming.rawHeaders));
    incoming.pipe(outgoing);
    if (incoming.method === "GET") outgoing.end(`${incoming.url} at ${incoming.headers.host}`);
  };
  world = createServer((incoming, outgoing) => serve(incoming, outgoing)).listen(0, "127.0.0.1");
  await once(world, "listening");
  port = (world.address() as AddressInfo).port;
  out = await openWayOut({ allow: [`a.example:${port}`, `b.example:${port}`, "a.example:1"] });
});
afterEach(async () => {
  await out[Symbol.asyncDispose]();
  world.closeAllConnections();
  world.close();
});

const proxies = {
  connect: () => ["--proxytunnel", "--proxy", out.proxy.url],
  http: () => ["--proxy", out.proxy.url],
  socks5: () => ["--proxy", out.proxy.url.replace("http:", "socks5h:")],
};
type Via = keyof typeof proxies;
const VIAS = Object.keys(proxies) as Via[];

describe.each(VIAS)("curl through the way out by %s", (via) => {
  it("reaches a listed host, and the connection is reported", async () => {
    const report = out.nextReport();
    const url = `http://a.example:${port}/p/../q%20?x=1|2`;
    const { code, out: body } = await curl("--path-as-is", ...proxies[via](), url);
    expect([code, body]).toEqual([0, `/p/../q%20?x=1|2 at a.example:${port}`]);
    const { bytesIn, bytesOut, ...rest } = await report;
    expect(rest).toMatchObject({
      host: "a.example",
      port,
      via,
      verdict: "allowed",
      address: "127.0.0.1",
      count: 1,
    });
    expect(bytesIn).toBeGreaterThan(body.length);
    expect(bytesOut).toBeGreaterThan(url.length - 20);
  });

  it("carries a body up and down", async () => {
    const body = "x".repeat(300_000);
    const answer = await curl(
      ...proxies[via](),
      "--data-binary",
      body.slice(0, 100_000),
      `http://a.example:${port}/`,
    );
    expect(answer.out).toBe(body.slice(0, 100_000));
    const chunked = await curl(
      ...proxies[via](),
      "--header",
      "transfer-encoding: chunked",
      "--data-binary",
      "chunked",
      `http://b.example:${port}/`,
    );
    expect(chunked.out).toBe("chunked");
  });

  it("does not reach what is not listed, and says why", async () => {
    const { code, out: body, err } = await curl("-v", ...proxies[via](), "http://other.example:443/");
    if (via === "http") expect(body).toContain(NOT_LISTED.split("(")[0]);
    else expect(code).toBeGreaterThan(0);
    expect(err).toContain(
      via === "socks5" ? "(2)" : "403 other.example:443 is not on this task's network list",
    );
    expect(out.reports).toMatchObject([{ host: "other.example", port: 443, via, verdict: "denied" }]);
  });

  it("tells a closed port from a closed network", async () => {
    const { code, out: body, err } = await curl("-v", ...proxies[via](), "http://a.example:1/");
    expect(err + body).toContain(via === "socks5" ? "(5)" : "502 a.example:1 refused the connection");
    expect(code).toBe(via === "http" ? 0 : 97 - (via === "connect" ? 41 : 0));
    expect(out.reports).toMatchObject([{ host: "a.example", port: 1, verdict: "failed" }]);
  });

  it("never shows the attempt's token to the world, nor the agent's own word to the proxy", async () => {
    const { out: head } = await curl(
      "--include",
      ...proxies[via](),
      "--proxy-header",
      "proxy-authorization: Basic agent",
      "--header",
      "x-mine: 1",
      `http://a.example:${port}/`,
    );
    expect(head).toContain("x-mine");
    expect(head).not.toContain(TOKEN);
    if (via === "http") expect(head.toLowerCase()).not.toContain("proxy-");
  });

  it("follows no redirect into what is closed", async () => {
    serve = (_incoming, outgoing) =>
      outgoing.writeHead(307, { location: `http://127.0.0.1:${port}/latest/meta-data` }).end();
    const { err } = await curl("-v", "--location", ...proxies[via](), `http://a.example:${port}/`);
    expect(err).toContain(via === "socks5" ? "(2)" : "403 127.0.0.1");
    expect(out.reports).toContainEqual(expect.objectContaining({ host: "127.0.0.1", verdict: "denied" }));
  });
});

describe("a tunnel", () => {
  async function tunnel(): Promise<Socket> {
    const socket = connect({ ...addressOf(out), allowHalfOpen: true });
    socket.write(`CONNECT a.example:${tcpPort()} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const [first] = (await once(socket, "data")) as [Buffer];
    const granted = "HTTP/1.1 200 Connection Established\r\n\r\n";
    expect(first.toString("latin1", 0, granted.length)).toBe(granted);
    socket.pause();
    if (first.length > granted.length) socket.unshift(first.subarray(granted.length));
    return socket;
  }

  /** Unlike stream/consumers, leaves the other half of the socket open. */
  async function hear(socket: Socket): Promise<string> {
    let heard = "";
    socket.on("data", (part) => (heard += String(part))).resume();
    await once(socket, "end");
    return heard;
  }

  let tcp: TcpServer;
  let accepted: (socket: Socket) => unknown;
  const tcpPort = () => (tcp.address() as AddressInfo).port;

  beforeEach(async () => {
    tcp = createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      accepted(socket);
    }).listen(0, "127.0.0.1");
    await once(tcp, "listening");
    await out[Symbol.asyncDispose]();
    out = await openWayOut("internet");
  });
  afterEach(() => void tcp.close());

  it("passes the agent's half-close on", async () => {
    accepted = (socket) => void hear(socket).then((all) => socket.end(`got ${all}`));
    const socket = await tunnel();
    socket.end("question");
    expect(await hear(socket)).toBe("got question");
  });

  it("passes the world's half-close on", async () => {
    const heard = Promise.withResolvers<string>();
    accepted = (socket) => void hear(socket.end("that is all")).then(heard.resolve);
    const socket = await tunnel();
    expect(await hear(socket)).toBe("that is all");
    socket.end("thank you");
    expect(await heard.promise).toBe("thank you");
  });

  it("carries 300 MB with bounded memory and counts every byte", async () => {
    const chunk = Buffer.alloc(MiB, 7);
    accepted = async (socket) => {
      for (let sent = 0; sent < 300; sent += 1) if (!socket.write(chunk)) await once(socket, "drain");
      socket.end();
    };
    const report = out.nextReport();
    const socket = await tunnel();
    let [received, highest] = [0, 0];
    const before = process.memoryUsage().rss;
    for await (const part of socket) {
      received += (part as Buffer).length;
      highest = Math.max(highest, process.memoryUsage().rss - before);
    }
    socket.destroy();
    expect(received).toBe(300 * MiB);
    expect(highest).toBeLessThan(150 * MiB);
    expect(await report).toMatchObject({ bytesIn: 300 * MiB, bytesOut: 0, verdict: "allowed" });
  });

  it("holds the sender back while the agent does not read", async () => {
    const chunk = Buffer.alloc(MiB);
    const stuck = Promise.withResolvers<number>();
    accepted = (socket) => {
      let sent = 0;
      const write = (): void => {
        while (sent < 200 && socket.write(chunk)) sent += 1;
        stuck.resolve(sent);
      };
      write();
    };
    const socket = await tunnel();
    expect(await stuck.promise).toBeLessThan(100);
    socket.destroy();
  });

  it("is cut in the middle of a stream when the attempt is fenced", async () => {
    accepted = (socket) => void socket.write("first half");
    const socket = await tunnel();
    socket.on("error", () => undefined);
    expect(String((await once(socket.resume(), "data"))[0])).toBe("first half");
    const [report, ended] = [out.nextReport(), once(socket, "end")];
    out.fenced.abort();
    await ended;
    socket.destroy();
    expect(await report).toMatchObject({ bytesIn: 10, reason: "Cut: the attempt is over." });
  });

  it("is cut in the middle of a stream when the account closes its host, and not opened again", async () => {
    accepted = (stream) => void stream.write("first half");
    const socket = await tunnel();
    expect(String((await once(socket.resume(), "data"))[0])).toBe("first half");
    const report = out.nextReport();
    out.rules.closed = ["a.example"];
    await Promise.all([once(socket, "end"), out.judgeAgain()]);
    socket.destroy();
    expect(await report).toMatchObject({
      host: "a.example",
      verdict: "allowed",
      reason: expect.stringContaining("a.example is among its closed hosts"),
    });
    const { err } = await curl("-v", ...proxies.connect(), `http://a.example:${port}/`);
    expect(err).toContain("is closed to every task of this account");
    const other = await curl(...proxies.connect(), `http://b.example:${port}/`);
    expect(other.out).toContain("b.example");
  });

  it("ends outside when the agent dies while it is being sent something", async () => {
    const ended = Promise.withResolvers<void>();
    const chunk = Buffer.alloc(MiB);
    accepted = (socket) => {
      const send = (): void => void (socket.destroyed || socket.write(chunk, send));
      send();
      socket.resume().once("close", () => ended.resolve());
    };
    const socket = await tunnel();
    await once(socket.resume(), "data");
    const report = out.nextReport();
    socket.destroy();
    await expect(ended.promise).resolves.toBeUndefined();
    expect(await report).toMatchObject({ verdict: "allowed" });
  });

  it("lets the last bytes through to an agent that said all it had to say", async () => {
    const all = Buffer.alloc(4 * MiB, 1);
    accepted = (socket) => void socket.resume().end(all);
    const socket = await tunnel();
    socket.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await socket.toArray()).reduce((sum, part: Buffer) => sum + part.length, 0)).toBe(all.length);
  });

  it("carries a WebSocket's upgrade asked for in plain HTTP", async () => {
    accepted = (socket) =>
      socket.once("data", (head) => {
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nearly",
        );
        socket.write(String(head).split("\r\n")[0] ?? "");
        socket.on("data", (frame) => socket.end(frame));
      });
    const asked = request({
      ...addressOf(out),
      path: `http://a.example:${tcpPort()}/chat`,
      headers: { connection: "upgrade", upgrade: "websocket" },
    }).end();
    const [response, socket, head] = (await once(asked, "upgrade")) as [IncomingMessage, Socket, Buffer];
    expect(response.headers.upgrade).toBe("websocket");
    socket.write("frame");
    expect(head.toString() + (await text(socket))).toBe("earlyGET /chat HTTP/1.1frame");
  });
});

describe("the door", () => {
  async function knock(head: string): Promise<string> {
    const socket = connect(out.doorPath);
    socket.write(head.replaceAll("\n", "\r\n"));
    return text(socket);
  }

  it("lets nobody through without the token of an attempt", async () => {
    for (const authorization of ["", "authorization: Bearer other\n", `authorization: Basic ${TOKEN}\n`]) {
      const answer = await knock(
        `CONNECT a.example:${port} HTTP/1.1\nhost: x\nx-agency-via: connect\n${authorization}\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
      expect(answer).toContain('"reason":"unauthenticated"');
    }
    expect(out.reports).toEqual([]);
  });

  it("answers a refusal as JSON", async () => {
    const answer = await knock(
      `CONNECT user@a.example:${port} HTTP/1.1\nhost: x\nx-agency-via: socks5\nauthorization: Bearer ${TOKEN}\n\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toEqual({
      reason: "bad_target",
      message: "That is not a host and a port: write example.com:443.",
    });
  });

  it("refuses a way it does not know", async () => {
    const answer = await knock(`CONNECT a.example:1 HTTP/1.1\nhost: x\nauthorization: Bearer ${TOKEN}\n\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  });

  it("cuts who comes after it was closed, so that the server can stop", async () => {
    out.closeDoor();
    const answer = knock(
      `CONNECT a.example:${port} HTTP/1.1\nhost: x\nx-agency-via: connect\nauthorization: Bearer ${TOKEN}\n\n`,
    );
    expect(await answer.catch(() => "")).toBe("");
    expect(out.reports).toEqual([]);
  });

  it("sends on what came with the first bytes", async () => {
    const answer = await knock(
      `CONNECT a.example:${port} HTTP/1.1\nhost: x\nx-agency-via: connect\nauthorization: Bearer ${TOKEN}\n\n` +
        "GET /early HTTP/1.1\nhost: y\nconnection: close\n\n",
    );
    expect(answer).toContain("/early at y");
  });
});

function addressOf({ proxy }: WayOut): { host: string; port: number } {
  return { host: "127.0.0.1", port: proxy.port };
}
