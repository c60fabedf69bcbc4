import type { Settings } from "@agency/contract";
import { addressOf } from "../http/listen.ts";

/**
 * Where people reach this server, known before it listens: work of an earlier life may be delivered before that. Null
 * when the system is to choose the port, which is not known any sooner.
 */
export function publicAddress({
  publicUrl,
  listen,
  port,
}: Pick<Settings, "publicUrl" | "listen" | "port">): string | null {
  return publicUrl ?? (port === 0 ? null : addressOf(listen, port));
}
