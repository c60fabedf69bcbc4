import { AgencyError } from "@agency/contract";
import type { ApiRequest, Connection } from "./connection.ts";
import { unreachable } from "./failure.ts";

const MOST_HOPS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Where an answer sends its reader; null when it does not. */
export function nextPlace(response: Response): string | null {
  return REDIRECTS.has(response.status) ? response.headers.get("location") : null;
}

/**
 * Fetches bytes from the place that an answer pointed to. The key never goes along, whatever the place is. Signed
 * addresses are as good as keys, so errors name the origin only.
 */
export async function followContent(
  connection: Connection,
  request: ApiRequest,
  location: string,
  signal: AbortSignal,
): Promise<Response> {
  let place = placeOf(location, connection.baseUrl);
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    const response = await fetchFrom(connection, request, place, signal);
    if (response.ok) return response;
    const next = nextPlace(response);
    await response.body?.cancel();
    if (next === null) throw refused(place, response.status);
    place = placeOf(next, place.href);
  }
  throw new AgencyError("upstream_failed", `${place.origin} redirects without end.`);
}

async function fetchFrom(
  connection: Connection,
  { headers, signal: caller }: ApiRequest,
  place: URL,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await connection.fetch(place.href, { headers: { ...headers }, signal, redirect: "manual" });
  } catch (error) {
    caller?.throwIfAborted();
    throw unreachable(place.origin, error);
  }
}

function placeOf(location: string, base: string): URL {
  const from = new URL(base);
  const place = URL.parse(location, base);
  const safe = place !== null && (place.protocol === "https:" || place.protocol === from.protocol);
  if (safe && place.username === "" && place.password === "") return place;
  throw new AgencyError("upstream_failed", `${from.origin} points to a place that is not safe to follow.`, {
    next: "Content is fetched over https, or over http when the server itself is.",
  });
}

function refused(place: URL, status: number): AgencyError {
  const gone = status === 403 || status === 404 || status === 410;
  return new AgencyError("upstream_failed", `${place.origin} answered ${status} to a download.`, {
    next: gone
      ? "A signed address does not last long: run the command again."
      : "Run the command again in a while.",
  });
}
