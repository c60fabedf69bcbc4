import { createServer, request as connect } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

export type Moment = "before" | "during" | "after";

/** Where the next request that fits stands still: unsent, with the first bytes of its answer out, or unanswered. */
export interface Hold {
  readonly reached: Promise<void>;
  open(): void;
}

export interface HeldProxy extends AsyncDisposable {
  readonly origin: string;
  readonly host: string;
  hold(moment: Moment, fits: (request: IncomingMessage) => boolean): Hold;
}

interface Placed extends Hold {
  readonly moment: Moment;
  readonly fits: (request: IncomingMessage) => boolean;
  readonly opened: Promise<void>;
  reach(): void;
}

/** Stands in front of a server and keeps it from being asked, or from being heard, for as long as a test wants. */
export async function startHeldProxy(target: string): Promise<HeldProxy> {
  const holds: Placed[] = [];
  const server = createServer((request, response) => {
    const placed = holds.find(({ fits }) => fits(request));
    void carry(target, request, response, placed);
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return {
    host,
    origin: `http://${host}`,
    hold(moment, fits) {
      const placed = place(moment, fits);
      holds.push(placed);
      return placed;
    },
    async [Symbol.asyncDispose]() {
      for (const { open } of holds) open();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function place(moment: Moment, fits: Placed["fits"]): Placed {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    moment,
    fits,
    reached: reached.promise,
    opened: opened.promise,
    open: () => opened.resolve(),
    reach: () => reached.resolve(),
  };
}

async function carry(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  hold: Placed | undefined,
): Promise<void> {
  const stand = async (moment: Moment): Promise<void> => {
    if (hold?.moment !== moment) return;
    hold.reach();
    await hold.opened;
  };
  response.on("error", () => undefined);
  await stand("before");
  if (response.destroyed) return;
  const { method = "GET", headers, url = "/" } = request;
  const onward = connect(new URL(url, target), { method, headers, agent: false });
  // A peer that goes away in the middle must not look like one that was done.
  response.on("close", () => response.writableFinished || onward.destroy());
  onward.on("error", () => response.destroy());
  onward.on("response", (answer) => void pass(answer, response, stand));
  request.pipe(onward);
}

async function pass(
  answer: IncomingMessage,
  response: ServerResponse,
  stand: (moment: Moment) => Promise<void>,
): Promise<void> {
  await stand("after");
  if (response.destroyed) {
    answer.destroy();
    return;
  }
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  response.flushHeaders();
  try {
    for await (const chunk of answer) {
      response.write(chunk);
      await stand("during");
    }
    response.end();
  } catch {
    response.destroy();
  }
}
