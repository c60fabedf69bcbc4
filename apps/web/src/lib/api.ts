import { createClient } from "@agency/client";
import type { Client } from "@agency/client";
import { wait } from "./surroundings.ts";
import { csrfToken, signedOut } from "./session.ts";

/** Whatever is asked for: an answer may say that the session has ended. */
export async function sessionFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (response.status === 401) signedOut();
  return response;
}

/** The server this page came from. The session is in a cookie that no script can read. */
export const api: Client = createClient({
  baseUrl: location.origin,
  apiKey: null,
  csrf: csrfToken,
  fetch: sessionFetch,
  clock: { sleep: wait },
});

/** `crypto.randomUUID` is missing where a page came over plain http from another machine. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
