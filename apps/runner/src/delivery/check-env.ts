import { NO_SETTINGS, withoutGit } from "../workspace/plain-env.ts";

/** A room that no agent was ever in. */
export interface CheckRoom {
  readonly home: string;
  readonly tmp: string;
}

/** As tests run by a machine expect it, and with no settings but those of the checkout. */
export function checkEnv(env: Readonly<Record<string, string>>, room: CheckRoom): Record<string, string> {
  const kept = Object.entries(withoutGit(env)).filter(([name]) => !name.startsWith("XDG_"));
  return { CI: "true", ...Object.fromEntries(kept), HOME: room.home, TMPDIR: room.tmp, ...NO_SETTINGS };
}
