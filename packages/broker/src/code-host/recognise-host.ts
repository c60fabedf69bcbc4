import type { ApiAnswer } from "./api-call.ts";
import { gitea } from "./gitea/gitea.ts";
import { gitlab } from "./gitlab/gitlab.ts";
import type { HostApi } from "./host-api.ts";
import { textOf } from "./read-field.ts";

export interface HostKind {
  readonly api: HostApi;
  /** The API's address, no slash at its end. */
  readonly base: string;
}

const MAX_KNOWN = 1_000;

/** Which software a host runs, by what it answers to. No credential is shown to a host that is not known yet. */
export function createHostRecognition(
  ask: (url: URL) => Promise<ApiAnswer>,
): (origin: string) => Promise<HostKind | null> {
  const known = new Map<string, Promise<HostKind | null>>();

  async function find(origin: string): Promise<HostKind | null> {
    const v1 = await ask(new URL(`${origin}/api/v1/version`));
    if (isVersion(v1)) return { api: gitea, base: `${origin}/api/v1` };
    const v4 = await ask(new URL(`${origin}/api/v4/version`));
    return isVersion(v4) ? { api: gitlab, base: `${origin}/api/v4` } : null;
  }

  return async (origin) => {
    const earlier = known.get(origin);
    if (earlier !== undefined) return earlier;
    const found = find(origin);
    known.set(origin, found);
    const [oldest] = known.keys();
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
    // Only what is certain is remembered: a host that was down is asked again.
    const forget = () => void (known.get(origin) === found && known.delete(origin));
    found.then((kind) => kind === null && forget(), forget);
    return found;
  };
}

/** GitLab tells its version only to those it knows, and so does a Gitea that is closed to strangers. */
function isVersion({ status, json }: ApiAnswer): boolean {
  if (status === 200) return textOf(json, "version") !== null;
  return (status === 401 || status === 403) && textOf(json, "message") !== null;
}
