import { connect } from "node:net";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { TERMINAL_PROTOCOL } from "@agency/contract";
import { afterEach, describe, expect, it } from "vitest";
import { listenApi } from "./listen.ts";
import type { ApiListener } from "./listen.ts";
import { PROBLEM_TYPE } from "./problem.ts";
import { expectProblem } from "./testing/test-api.ts";

const MiB = 1024 * 1024;
const TERMINAL = "/v1/tasks/t/terminal";

let listener: ApiListener | null = null;
afterEach(async () => {
  await listener?.close();
  listener = null;
});

/** Asks for a terminal's protocol at a path of an app that answers with the body. */
async function ask(path: string, fetch: (request: Request) => Response | Promise<Response>): Promise<Socket> {
  listener = await listenApi({ fetch: (request) => fetch(request) }, "127.0.0.1", 0);
  const port = Number(new URL(listener.url).port);
  const socket = connect(port, "127.0.0.1");
  const head = [`GET ${path} HTTP/1.1`, `host: localhost:${port}`, "connection: upgrade"];
  socket.write([...head, `upgrade: ${TERMINAL_PROTOCOL}`, "", ""].join("\r\n"));
  return socket;
}

async function answerOf(socket: Socket): Promise<{ status: number; body: unknown; type: string }> {
  const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n", 2);
  const type = /content-type: (\S+)/i.exec(head)?.[1] ?? "";
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), body: JSON.parse(body), type };
}

/** A body without an end, and how much of it was taken. */
function endless(): { body: ReadableStream<Uint8Array>; taken: () => number; cancelled: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken += MiB / 16;
      if (taken > 64 * MiB) controller.close();
      else controller.enqueue(new Uint8Array(MiB / 16));
    },
    cancel: () => resolve(),
  });
  return { body, taken: () => taken, cancelled: promise };
}

describe("an upgrade", () => {
  it.each(["/v1/tasks/t/archive", "/v1/tasks", "/v1/tasks/t/terminal/x", "/v1/tasks//terminal", "*"])(
    "at %s is refused before the app is asked",
    async (path) => {
      let asked = 0;
      const socket = await ask(path, () => ((asked += 1), new Response("")));
      const { status, body, type } = await answerOf(socket);
      expectProblem(body, status, type);
      expect([status, asked]).toEqual([400, 0]);
    },
  );

  it.each([
    [200, "application/x-tar", 400],
    [500, "application/x-tar", 500],
    [503, PROBLEM_TYPE, 503],
  ])("answered with %i and an endless %s takes nothing of it into memory", async (status, type, shown) => {
    const { body, taken, cancelled } = endless();
    const socket = await ask(
      TERMINAL,
      () => new Response(body, { status, headers: { "content-type": type } }),
    );
    const answer = await answerOf(socket);
    await cancelled;
    expect([answer.status, answer.type]).toEqual([shown, PROBLEM_TYPE]);
    expect(taken()).toBeLessThan(MiB);
  });

  it("is told of a client that goes", async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    const socket = await ask(TERMINAL, async ({ signal }) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      isAsked();
      await aborted;
      return new Response(endless().body);
    });
    await asked;
    socket.resetAndDestroy();
    await expect(aborted).resolves.toBeUndefined();
  });
});
