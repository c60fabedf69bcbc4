import { finishedAnswerSchema, UPLINK_PATHS } from "@agency/contract";
import type { Finished } from "@agency/contract";
import type { Clock } from "@agency/core";
import type { Journal } from "../journal/journal.ts";
import { backoffMs } from "./backoff.ts";
import type { UplinkClient } from "./client.ts";
import { judgeReply } from "./judge-reply.ts";
import type { EventSender } from "./send-events.ts";

export interface FinishOptions {
  client: UplinkClient;
  journal: Journal;
  sender: EventSender;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
  finished: Finished;
}

export type FinishResult =
  /** keepMs: the sandbox stays for people; null: it goes. */
  | { readonly kind: "accepted"; readonly keepMs: number | null }
  | { readonly kind: "fenced"; readonly why: string }
  | { readonly kind: "stopped" };

/** Every event first, then the outcome; again and again until the control plane has taken it. */
export async function finishRun(options: FinishOptions): Promise<FinishResult> {
  const { client, journal, sender, clock, random, signal } = options;
  const body = [Buffer.from(JSON.stringify(options.finished))];
  for (let failures = 0; !signal.aborted; failures += 1) {
    await journal.drained(signal);
    if (signal.aborted) break;
    const verdict = judgeReply(await client.post(UPLINK_PATHS.finished, body));
    if (verdict.kind === "ok") {
      const answer = finishedAnswerSchema.safeParse(verdict.body);
      return { kind: "accepted", keepMs: answer.success ? answer.data.keepMs : null };
    }
    if (verdict.kind === "fenced") return verdict;
    if (verdict.kind === "behind" && !sender.rewind(verdict.have)) {
      return {
        kind: "fenced",
        why: `the control plane lost what it had acknowledged after event ${verdict.have}`,
      };
    }
    await clock.sleep(
      backoffMs(failures, verdict.kind === "retry" ? verdict.afterMs : null, random()),
      signal,
    );
  }
  return { kind: "stopped" };
}
