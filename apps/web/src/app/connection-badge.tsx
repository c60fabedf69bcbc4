import { connection } from "../lib/connection.ts";
import type { Connection } from "../lib/connection.ts";
import { useStore } from "../lib/store.ts";

const WORDS: Record<Connection, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  paused: "Paused",
};

export function ConnectionBadge() {
  const now = useStore(connection);
  return (
    <span className={`connection connection-${now}`} role="status">
      <span className="dot" aria-hidden="true" />
      <span className="connection-word">{WORDS[now]}</span>
    </span>
  );
}
