import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClock } from "../clocks/real-clock.ts";
import { FakeControlPlane } from "../testing/fake-control-plane.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { createDoor } from "../uplink/door.ts";
import { startForwarder } from "./forwarder.ts";
import type { Forwarder } from "./forwarder.ts";

describe("the forwarder", () => {
  let plane: FakeControlPlane;
  let forwarder: Forwarder;
  let open = 0;
  const agent = new Agent({ keepAlive: true });

  async function start(clock = realClock): Promise<void> {
    forwarder = await startForwarder({
      door: createDoor(plane.doorDir),
      clock,
      attempt: { taskId: "t", epoch: 1, token: "secret" },
      onModelRequest: () => {
        open += 1;
        return () => (open -= 1);
      },
    });
  }
  beforeEach(async () => {
    plane = await FakeControlPlane.open();
    open = 0;
    await start();
  });
  afterEach(async () => {
    await forwarder.close();
    await plane.close();
  });

  function ask(path: string, method = "POST", body: string | null = "{}"): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${forwarder.url}${path}`, { method, agent }, resolve);
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  it("carries a request and its answer as they are", async () => {
    const seen = Promise.withResolvers<{ url: string | undefined; body: string; key: unknown }>();
    plane.outside = (incoming, outgoing) => {
      void text(incoming).then((body) => {
        seen.resolve({ url: incoming.url, body, key: incoming.headers["x-agency-task"] });
        outgoing.writeHead(418, "Teapot", { "x-kind": "short", "content-type": "text/plain" }).end("stout");
      });
    };
    const answer = await ask("/model/anthropic/v1/messages?beta=true", "POST", '{"a":1}');
    expect(await seen.promise).toEqual({
      url: "/model/anthropic/v1/messages?beta=true",
      body: '{"a":1}',
      key: "t",
    });
    expect([answer.statusCode, answer.statusMessage, answer.headers["x-kind"]]).toEqual([
      418,
      "Teapot",
      "short",
    ]);
    expect(await text(answer)).toBe("stout");
  });

  it("passes on each piece of a stream when it comes, and counts the request as open until the end", async () => {
    const go = Promise.withResolvers<void>();
    plane.outside = (_incoming, outgoing) => {
      outgoing.writeHead(200, { "content-type": "text/event-stream" });
      outgoing.write("data: 1\n\n");
      void go.promise.then(() => outgoing.end("data: 2\n\n"));
    };
    const answer = await ask("/model/anthropic/v1/messages");
    const [first] = (await once(answer, "data")) as [Buffer];
    expect(first.toString()).toBe("data: 1\n\n");
    expect(open).toBe(1);
    const ended = once(answer, "end");
    go.resolve();
    await ended;
    await ask("/model/again");
    expect(open).toBeLessThan(2);
  });

  it("shows the engine a cut answer as a cut, not as an end", async () => {
    plane.outside = (_incoming, outgoing) => {
      outgoing.writeHead(200);
      outgoing.write("half", () => outgoing.destroy());
    };
    await expect(text(await ask("/model/x"))).rejects.toThrow("aborted");
  });

  it("takes back a request that the engine gave up", async () => {
    const cut = Promise.withResolvers<void>();
    plane.outside = (_incoming, outgoing) => {
      outgoing.once("close", () => cut.resolve());
      outgoing.writeHead(200);
      outgoing.write("first");
    };
    const answer = await ask("/model/x");
    await once(answer, "data");
    answer.destroy();
    await expect(cut.promise).resolves.toBeUndefined();
  });

  it("lets an early answer through while the upload still goes on", async () => {
    plane.outside = (_incoming, outgoing) => outgoing.writeHead(413, { connection: "close" }).end("too much");
    const outgoing = request(`${forwarder.url}/git/x/git-receive-pack`, { method: "POST", agent });
    outgoing.on("error", () => undefined);
    outgoing.write("x".repeat(100_000));
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(413);
    outgoing.destroy();
  });

  it.each(["/uplink/events", "/model/../uplink/hello", "/", "/v1/tasks"])(
    "does not carry %s",
    async (path) => {
      plane.outside = () => expect.unreachable();
      const answer = await new Promise<IncomingMessage>((resolve) => {
        // As a raw path: a URL would be normalised before it is sent.
        const { hostname, port } = new URL(forwarder.url);
        request({ hostname, port, path, method: "POST" }, resolve).end("{}");
      });
      expect(answer.statusCode).toBe(404);
      answer.resume();
      expect(plane.headers).toEqual([]);
    },
  );

  it("waits for a control plane that restarts", async () => {
    await plane.stop();
    plane.outside = (_incoming, outgoing) => outgoing.end("here I am");
    const asked = ask("/model/x");
    await plane.start();
    expect(await text(await asked)).toBe("here I am");
  });

  it("does not wait for ever", async () => {
    await plane.stop();
    const clock = new ManualClock();
    await forwarder.close();
    await start(clock);
    const asked = ask("/model/x").then((answer) => ({ answer }));
    let done: { answer: IncomingMessage } | void;
    do done = await Promise.race([asked, clock.advance(31_000)]);
    while (!done);
    const { answer } = done;
    expect(answer.statusCode).toBe(503);
    expect(await text(answer)).toContain("overloaded_error");
  });

  it("says that the connection broke when it broke before the answer", async () => {
    plane.outside = (incoming) => incoming.socket.destroy();
    const answer = await ask("/model/x");
    expect(answer.statusCode).toBe(502);
    expect(await text(answer)).toContain("api_error");
  });
});
