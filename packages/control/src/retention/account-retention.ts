import type { Retention, SetRetention } from "@agency/contract";
import type { RetentionStore, RetentionTimes } from "@agency/core";
import { uuidv7 } from "../ids.ts";

export interface AccountRetentionDeps {
  retention: Pick<RetentionStore, "own" | "change">;
  /** Where the account has not said anything else. */
  defaults: RetentionTimes;
  now: () => number;
}

export function timesOf(defaults: RetentionTimes, own: Partial<RetentionTimes>): RetentionTimes {
  return { ...defaults, ...own };
}

export async function accountRetention(
  { retention, defaults }: Pick<AccountRetentionDeps, "retention" | "defaults">,
  accountId: string,
): Promise<Retention> {
  const { events, artifacts, checkpoints } = timesOf(defaults, await retention.own(accountId));
  return { eventsMs: events, artifactsMs: artifacts, checkpointsMs: checkpoints };
}

export async function setAccountRetention(
  deps: AccountRetentionDeps,
  accountId: string,
  { eventsMs, artifactsMs, checkpointsMs }: SetRetention,
  by: string,
): Promise<Retention> {
  const now = deps.now();
  const times = given({ events: eventsMs, artifacts: artifactsMs, checkpoints: checkpointsMs });
  await deps.retention.change(accountId, times, {
    id: uuidv7(now),
    accountId,
    actor: by,
    action: "retention.set",
    target: "account",
    detail: Object.fromEntries(
      Object.entries(times).map(([part, ms]) => [part, ms === null ? "forever" : `${ms} ms`]),
    ),
    at: now,
  });
  return accountRetention(deps, accountId);
}

function given(times: {
  [Part in keyof RetentionTimes]: number | null | undefined;
}): Partial<RetentionTimes> {
  const { events, artifacts, checkpoints } = times;
  return {
    ...(events === undefined ? {} : { events }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
  };
}
