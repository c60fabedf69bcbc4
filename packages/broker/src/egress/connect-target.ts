import type { AttemptCaller, Clock } from "@agency/core";
import { judgeTarget } from "./judge-target.ts";
import type { NetworkPolicy } from "./judge-target.ts";
import { reach } from "./reach.ts";
import type { Reached, ReachDeps } from "./reach.ts";
import { denied, failed } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import { parseTarget, targetText } from "./target.ts";

export interface ConnectDeps extends ReachDeps {
  /** What a task may reach; null when there is no such attempt any more. */
  policyOf(caller: AttemptCaller): Promise<NetworkPolicy | null>;
}

export interface Signals {
  /** The agent hung up. */
  readonly gone: AbortSignal;
  readonly fenced: AbortSignal;
}

const DIAL_MS = 15_000;
const OVER = denied("over", "This attempt is over; its network is closed.");

/** The whole way from a text to a connection; every judgement that needs no lookup comes before the lookup. */
export async function connectTarget(
  deps: ConnectDeps,
  caller: AttemptCaller,
  authority: string,
  signals: Signals,
): Promise<Reached | Refusal> {
  const target = parseTarget(authority);
  if (target === null) return denied("bad_target", "That is not a host and a port: write example.com:443.");
  const policy = await deps.policyOf(caller);
  if (policy === null || signals.fenced.aborted) return OVER;
  const refusal = judgeTarget(target, policy);
  if (refusal !== null) return refusal;
  return withinDialTime(deps.clock, targetText(target), signals, (signal) =>
    reach(deps, target, policy, signal),
  );
}

/** The one deadline over lookup and dialling; whoever loses against it is aborted. */
async function withinDialTime(
  clock: Clock,
  where: string,
  { gone, fenced }: Signals,
  work: (signal: AbortSignal) => Promise<Reached | Refusal>,
): Promise<Reached | Refusal> {
  const slow = new AbortController();
  const done = new AbortController();
  void clock.sleep(DIAL_MS, done.signal).then(() => done.signal.aborted || slow.abort());
  const reached = await work(AbortSignal.any([gone, fenced, slow.signal]));
  done.abort();
  if (reached.ok || reached.verdict === "denied") return reached;
  if (fenced.aborted) return OVER;
  if (gone.aborted) return failed("gone", "The agent hung up before the connection was made.");
  return slow.signal.aborted
    ? failed("slow", `${where} did not answer within ${DIAL_MS / 1000} seconds.`)
    : reached;
}
