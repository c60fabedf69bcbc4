import { loweredLimitsSchema, UPLINK_PATHS } from "@agency/contract";
import type { Limits, LowerLimits } from "@agency/contract";
import type { Clock } from "@agency/core";
import { backoffMs } from "./backoff.ts";
import type { UplinkClient } from "./client.ts";
import { judgeReply } from "./judge-reply.ts";

export interface LowerLimitsOptions {
  client: UplinkClient;
  clock: Clock;
  random: () => number;
  onFenced: (why: string) => void;
}

/** Those the task has now; null when the control plane did not take them. */
export async function lowerLimits(
  { client, clock, random, onFenced }: LowerLimitsOptions,
  asked: LowerLimits,
  signal: AbortSignal,
): Promise<Limits | null> {
  const body = [Buffer.from(JSON.stringify(asked))];
  for (let failures = 0; !signal.aborted; failures += 1) {
    const verdict = judgeReply(await client.post(UPLINK_PATHS.limits, body));
    if (verdict.kind === "ok") return loweredLimitsSchema.safeParse(verdict.body).data?.limits ?? null;
    if (verdict.kind === "fenced") onFenced(verdict.why);
    if (verdict.kind !== "retry") return null;
    await clock.sleep(backoffMs(failures, verdict.afterMs, random()), signal);
  }
  return null;
}
