import { isAgencyError } from "@agency/contract";
import { api, renewSession } from "../lib/api.ts";
import { followFeed } from "../lib/feed.ts";
import { renewed, session, shareSession, signedOut } from "../lib/session.ts";

let following: AbortController | null = null;

/** Finds out who is there, and follows the feed for as long as somebody is. */
export async function startSession(): Promise<void> {
  shareSession(new BroadcastChannel("agency.session"), () => void renewSession());
  session.subscribe(followWhileSignedIn);
  await findOut();
}

export async function findOut(): Promise<void> {
  try {
    renewed(await api.me());
  } catch (error) {
    if (isAgencyError(error) && error.code === "unauthenticated") signedOut();
    else session.set({ state: "unreachable", error });
  }
}

function followWhileSignedIn(): void {
  const isIn = session.get().state === "in";
  if (isIn === (following !== null)) return;
  following?.abort();
  following = isIn ? new AbortController() : null;
  if (following !== null) void followFeed(following.signal);
}
