import type { Caller } from "@agency/control";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { ApiDeps } from "./deps.ts";
import type { ApiContext } from "./env.ts";
import { SSE_HEADERS } from "./sse.ts";
import type { EventStreams, StreamItem } from "./sse.ts";

/** Answers with an event stream that lasts as long as its client, and no longer than the session or key it came with. */
export function sendStreamOf(
  { streams, signIn }: { streams: EventStreams; signIn: Pick<ApiDeps["signIn"], "watch"> },
  c: ApiContext,
  caller: Caller,
  follow: (signal: AbortSignal) => AsyncGenerator<StreamItem>,
): Response {
  const head = c.body(null, 200, SSE_HEADERS);
  const { outgoing } = c.env;
  if (c.req.method === "HEAD" || outgoing === undefined) return head;
  // A body that lasts as long as its connection needs no chunks: that saves a fifth of the processor time.
  outgoing.removeHeader("transfer-encoding");
  outgoing.writeHead(200, Object.fromEntries(head.headers));
  outgoing.flushHeaders();
  const watched = signIn.watch(caller);
  // Cut off, not ended: what still waits to be sent is not for this reader any more.
  watched.signal.addEventListener("abort", () => outgoing.destroy(), { once: true });
  void streams.serve(outgoing, follow).finally(() => watched.close());
  return RESPONSE_ALREADY_SENT;
}
