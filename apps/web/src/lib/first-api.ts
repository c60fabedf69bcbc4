import { createPageClient } from "@agency/client";
import type { ClientOptions, PageCalls } from "@agency/client";
import { wait } from "./surroundings.ts";
import { withFreshToken } from "./fresh-token.ts";
import { accountId, csrfToken, renewed, signedOut } from "./session.ts";

/** Whatever is asked for: an answer may say that the session has ended. */
const sessionFetch = withFreshToken(
  async (input, init) => {
    const response = await fetch(input, init);
    if (response.status === 401) signedOut();
    return response;
  },
  csrfToken,
  renewToken,
);

/** The server this page came from. The session is in a cookie that no script can read. */
export const server: ClientOptions = {
  baseUrl: location.origin,
  apiKey: null,
  csrf: csrfToken,
  fetch: sessionFetch,
  clock: { sleep: wait },
};

/** What the first load needs; what comes later has all of `api`. */
export const firstApi: PageCalls = createPageClient(server);

/** Learns what has become of the session. A server out of reach changes nothing: whoever calls it next finds out. */
export async function renewSession(): Promise<void> {
  try {
    renewed(await firstApi.me());
  } catch {
    // That it has ended was heard by the fetch.
  }
}

/** What one account meant to do must not be done as another. */
async function renewToken(): Promise<string | null> {
  const before = accountId();
  await renewSession();
  return accountId() === before ? csrfToken() : null;
}

/** `crypto.randomUUID` is missing where a page came over plain http from another machine. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
