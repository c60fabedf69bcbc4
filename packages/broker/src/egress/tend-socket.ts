import type { Socket } from "node:net";
import type { Signals } from "./connect-target.ts";

const IDLE_MS = 600_000;

/**
 * Cuts the socket when its attempt or its agent is gone or nothing passes, and tells once when it is closed. Returns
 * what cuts it for another reason.
 */
export function tendSocket(
  socket: Socket,
  { gone, fenced }: Signals,
  closed: (reason: string | null) => void,
): (why: string) => void {
  let reason: string | null = null;
  const cut = (why: string | null) => (): void => {
    reason ??= why;
    socket.destroy();
  };
  const cutFenced = cut("Cut: the attempt is over.");
  const cutGone = cut(null);
  socket.on("error", cut("The connection broke."));
  socket.setTimeout(IDLE_MS, cut("Cut: nothing passed for ten minutes."));
  fenced.addEventListener("abort", cutFenced, { once: true });
  gone.addEventListener("abort", cutGone, { once: true });
  socket.once("close", () => {
    fenced.removeEventListener("abort", cutFenced);
    gone.removeEventListener("abort", cutGone);
    closed(reason);
  });
  if (fenced.aborted) cutFenced();
  if (gone.aborted) cutGone();
  return (why) => cut(why)();
}
