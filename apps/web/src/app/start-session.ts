import { isAgencyError } from "@agency/contract";
import { firstApi, renewSession } from "../lib/first-api.ts";
import { followFeed } from "../lib/feed.ts";
import { oneAtATime } from "../lib/one-at-a-time.ts";
import { renewed, session, shareSession, signedOut, unreachable } from "../lib/session.ts";
import { loadClock } from "../lib/surroundings.ts";

let following: AbortController | null = null;

const whoAmI = oneAtATime(
  (signal) => firstApi.me({ signal }),
  {
    loaded: renewed,
    failed(error) {
      if (isAgencyError(error) && error.code === "unauthenticated") signedOut();
      else unreachable(error);
    },
  },
  loadClock,
);

/** Finds out who is there, and follows the feed for as long as somebody is. */
export function startSession(): void {
  shareSession(new BroadcastChannel("agency.session"), () => void renewSession());
  session.subscribe(followWhileSignedIn);
  findOut();
}

export function findOut(): void {
  whoAmI.ask("now");
}

function followWhileSignedIn(): void {
  const isIn = session.get().state === "in";
  if (isIn === (following !== null)) return;
  following?.abort();
  following = isIn ? new AbortController() : null;
  if (following !== null) void followFeed(following.signal);
}
