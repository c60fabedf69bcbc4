import { CSRF_HEADER } from "@agency/contract";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * A call that changes something is sent once more when the page's token had gone stale: another tab has signed in
 * again, and the cookie is of that session. `renew` gives the token of now, null when there is none to go on with.
 */
export function withFreshToken(
  fetch: Fetch,
  current: () => string | null,
  renew: () => Promise<string | null>,
): Fetch {
  return async (input, init) => {
    const sent = current();
    const headers = new Headers(init?.headers);
    const response = await fetch(input, init);
    if (response.status !== 403 || sent === null || headers.get(CSRF_HEADER) !== sent) return response;
    const fresh = await renew();
    if (fresh === null || fresh === sent) return response;
    await response.body?.cancel();
    headers.set(CSRF_HEADER, fresh);
    return fetch(input, { ...init, headers });
  };
}
