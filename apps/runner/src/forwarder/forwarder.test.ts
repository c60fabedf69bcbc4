import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Clock } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClock } from "../clocks/real-clock.ts";
import { createSignal } from "../process/signal.ts";
import { FakeControlPlane, hold } from "../testing/fake-control-plane.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { createDoor } from "../uplink/door.ts";
import { startForwarder } from "./forwarder.ts";
import type { Forwarder } from "./forwarder.ts";
import { createBodyRoom } from "./kept-body.ts";
import type { BodyRoom } from "./kept-body.ts";

describe("the forwarder", () => {
  let plane: FakeControlPlane;
  let forwarder: Forwarder;
  let open = 0;
  /** Resolves when a model request is over. */
  let over = Promise.withResolvers<void>();
  let mayGo = true;
  let again = createSignal();
  const agent = new Agent({ keepAlive: true });

  async function start(clock: Clock = realClock, bodies?: BodyRoom): Promise<void> {
    forwarder = await startForwarder({
      door: createDoor(plane.doorDir),
      clock,
      attempt: { taskId: "t", epoch: 1, token: "secret" },
      random: () => 0.5,
      calls: {
        open: () => {
          open += 1;
          return () => {
            open -= 1;
            over.resolve();
          };
        },
        mayGo: () => mayGo,
        again,
      },
      ...(bodies === undefined ? {} : { bodies }),
    });
  }
  beforeEach(async () => {
    plane = await FakeControlPlane.open();
    open = 0;
    mayGo = true;
    again = createSignal();
    over = Promise.withResolvers();
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

  it("does not let git wait for ever", async () => {
    await plane.stop();
    const clock = new ManualClock();
    await forwarder.close();
    await start(clock);
    const asked = ask("/git/https/x/y/git-upload-pack").then((answer) => ({ answer }));
    let done: { answer: IncomingMessage } | void;
    do done = await Promise.race([asked, clock.advance(31_000)]);
    while (!done);
    expect(done.answer.statusCode).toBe(503);
    expect(await text(done.answer)).toContain("overloaded_error");
  });

  it("waits with a model call for as long as it takes", async () => {
    await plane.stop();
    const clock = new ManualClock();
    await forwarder.close();
    await start(clock);
    plane.outside = (_incoming, outgoing) => outgoing.end("at last");
    const asked = ask("/model/x").then((answer) => ({ answer }));
    for (let minutes = 0; minutes < 9; minutes += 1) await clock.advance(60_000);
    await plane.start();
    let done: { answer: IncomingMessage } | void;
    do done = await Promise.race([asked, clock.advance(1000)]);
    while (!done);
    expect(await text(done.answer)).toBe("at last");
  });

  it("says that the connection broke when it broke before the answer", async () => {
    plane.outside = (incoming) => incoming.socket.destroy();
    const answer = await ask("/model/x");
    expect(answer.statusCode).toBe(502);
    expect(await text(answer)).toContain("api_error");
  });

  describe("holding a model call", () => {
    const bodies: string[] = [];
    /** Holds the first so many, then answers. */
    function holdFirst(times: number, retryAfter: number): { arrived: Promise<void>[] } {
      bodies.length = 0;
      const gates = Array.from({ length: times + 1 }, () => Promise.withResolvers<void>());
      plane.outside = (incoming, outgoing) => {
        if (incoming.method === "GET") return void outgoing.end("free");
        void text(incoming).then((body) => {
          bodies.push(body);
          gates[bodies.length - 1]?.resolve();
          if (bodies.length <= times) hold(outgoing, retryAfter);
          else outgoing.end("answered");
        });
      };
      return { arrived: gates.map(({ promise }) => promise) };
    }

    it("keeps the request and sends it again, whole, when told to proceed", async () => {
      const clock = new ManualClock();
      await forwarder.close();
      await start(clock);
      const { arrived } = holdFirst(1, 3600);
      const body = JSON.stringify({ text: "x".repeat(300_000) });
      const asked = ask("/model/anthropic/v1/messages", "POST", body);
      await arrived[0];
      expect(open).toBe(1);
      again.fire();
      const answer = await asked;
      expect([answer.statusCode, await text(answer)]).toEqual([200, "answered"]);
      expect(bodies).toEqual([body, body]);
    });

    it("tries again by itself after the time it was given, at most a minute", async () => {
      const clock = new ManualClock();
      await forwarder.close();
      await start(clock);
      const { arrived } = holdFirst(2, 7200);
      const asked = ask("/model/anthropic/v1/messages");
      await arrived[0];
      const second = (arrived[1] ?? Promise.reject()).then(() => true);
      while ((await Promise.race([second, clock.advance(60_000)])) !== true);
      const answered = asked.then((answer) => ({ answer }));
      let done: { answer: IncomingMessage } | void;
      do done = await Promise.race([answered, clock.advance(60_000)]);
      while (!done);
      expect(await text(done.answer)).toBe("answered");
    });

    it("does not send a call at all that the run does not let go", async () => {
      holdFirst(0, 1);
      mayGo = false;
      const asked = ask("/model/anthropic/v1/messages");
      const free = await ask("/model/anthropic/v1/messages/count_tokens");
      expect(await text(free)).toBe("answered");
      expect(bodies).toHaveLength(1);
      mayGo = true;
      again.fire();
      expect(await text(await asked)).toBe("answered");
      expect(bodies).toHaveLength(2);
    });

    it("ends when the engine goes away", async () => {
      const { arrived } = holdFirst(5, 3600);
      const { hostname, port } = new URL(forwarder.url);
      const outgoing = request({ hostname, port, path: "/model/a/v1/messages", method: "POST" });
      outgoing.on("error", () => undefined);
      outgoing.end("{}");
      await arrived[0];
      outgoing.destroy();
      await over.promise;
      again.fire();
      await text(await ask("/model/a/v1/models", "GET", null));
      expect(bodies).toEqual(["{}"]);
    });

    it("passes the refusal on when the request is too large to keep, and keeps room for the next", async () => {
      await forwarder.close();
      await start(realClock, createBodyRoom({ each: 100_000, all: 150_000 }));
      const { arrived } = holdFirst(2, 3600);
      const large = "x".repeat(200_000);
      const refused = await ask("/model/a/v1/messages", "POST", large);
      expect(refused.statusCode).toBe(503);
      expect(await text(refused)).toContain("held");
      expect(bodies[0]).toBe(large);
      const asked = ask("/model/a/v1/messages", "POST", "x".repeat(90_000));
      await arrived[1];
      again.fire();
      expect(await text(await asked)).toBe("answered");
    });
  });
});
