import { AgencyError } from "@agency/contract";
import type { AttemptAccess, AttemptStore } from "@agency/core";
import type { TokenKind, Tokens } from "../access/tokens.ts";

export interface RunnerAccessDeps {
  attempts: AttemptStore;
  tokens: Tokens;
}

/** Lets a runner's request in, or says why not: `unauthenticated` for a token that is not ours, `fenced` for a stale one. */
export async function runnerAccess(
  deps: RunnerAccessDeps,
  kind: TokenKind,
  token: string,
): Promise<AttemptAccess> {
  const access = await attemptOf(deps, kind, token);
  if (!access.live || access.epoch !== access.taskEpoch) throw fencedError(access.epoch);
  return access;
}

/** As `runnerAccess`; a runner whose sandbox is kept may still hear what people want of it, and nothing else. */
export async function visitorAccess(deps: RunnerAccessDeps, token: string): Promise<AttemptAccess> {
  const access = await attemptOf(deps, "uplink", token);
  if ((!access.live && !access.kept) || access.epoch !== access.taskEpoch) throw fencedError(access.epoch);
  return access;
}

/** As `runnerAccess`, for what leads out into the world: an agent that is over needs nothing of it any more. */
export async function worldAccess(deps: RunnerAccessDeps, token: string): Promise<AttemptAccess> {
  const access = await runnerAccess(deps, "uplink", token);
  if (!access.finalizing) return access;
  throw new AgencyError("forbidden", "The work of this task is over: only its files are stored yet.");
}

async function attemptOf(deps: RunnerAccessDeps, kind: TokenKind, token: string): Promise<AttemptAccess> {
  const attemptId = deps.tokens.check(kind, token);
  const access = attemptId === null ? null : await deps.attempts.find(attemptId);
  if (access === null) throw new AgencyError("unauthenticated", "This is not a token of a known attempt.");
  return access;
}

export function fencedError(epoch: number): AgencyError {
  return new AgencyError(
    "fenced",
    `Attempt ${epoch} of this task is over; the control plane went on without it.`,
  );
}

export function bearer(authorization: string | null | undefined): string {
  return /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
}
