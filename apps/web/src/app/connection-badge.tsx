import { useConnection } from "../lib/connection.ts";

const WORDS: Record<ReturnType<typeof useConnection>, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  paused: "Paused",
  offline: "Offline",
};

export function ConnectionBadge() {
  const now = useConnection();
  return (
    <span className={`connection connection-${now}`} role="status">
      <span className="dot" aria-hidden="true" />
      <span className="connection-word">{WORDS[now]}</span>
    </span>
  );
}
