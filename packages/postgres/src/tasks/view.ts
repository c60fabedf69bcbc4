import { REASON_SENTENCES } from "@agency/contract";
import type { Task } from "@agency/contract";
import { firstWait, MAX_STARTS, waitedUntil } from "@agency/core";
import { isKept, toSnapshot } from "./row.ts";
import type { TaskRow } from "./row.ts";

/** The task as its owner sees it. */
export function toTask(row: TaskRow): Task {
  const { id, name, state, reason, prompt, engine, model, provider, labels, priority, activity, result } =
    row;
  return {
    id,
    name,
    state,
    reason,
    prompt,
    engine,
    model,
    provider,
    labels,
    priority,
    activity,
    result: result === null ? null : { ...result, undelivered: result.undelivered ?? null },
    ...requested(row),
    ...waiting(row),
    ...(Object.keys(row.expired).length === 0 ? {} : { expired: row.expired }),
    message: sentence(row),
    sandbox:
      isKept(row) && row.sandbox_kept_until ? { keptUntil: row.sandbox_kept_until.toISOString() } : null,
    cancelRequested: row.desired === "cancel",
    parentId: row.parent_id,
    // Not the epoch: that rises once more when an attempt is fenced.
    attempt: MAX_STARTS - row.attempts_left,
    lastSeq: row.last_seq,
    costUsd: Number(row.cost_usd),
    usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, calls: 0, ...row.usage },
    lastEventAt: iso(row.last_event_at),
    notBefore: iso(row.not_before),
    createdAt: row.created_at.toISOString(),
    startedAt: iso(row.started_at),
    finishedAt: iso(row.finished_at),
  };
}

type Requested = Pick<
  Task,
  | "repository"
  | "repositories"
  | "limits"
  | "network"
  | "allowInternalNetwork"
  | "approve"
  | "onBudget"
  | "onUsageLimit"
  | "project"
  | "deliver"
  | "checks"
  | "commandPolicy"
  | "questions"
  | "commits"
  | "artifacts"
  | "envNames"
  | "secretNames"
  | "command"
  | "pullRequest"
  | "review"
  | "resumedFrom"
  | "upload"
  | "keepMs"
  | "demo"
>;

function requested({ spec }: TaskRow): Requested {
  const { repository, repositories, limits, network, allowInternalNetwork, approve } = spec;
  const { onBudget, onUsageLimit, project, deliver, checks, resume, upload, demo } = spec;
  const { commandPolicy, questions, commits, artifacts, env, secretNames = [] } = spec;
  return {
    repository,
    repositories,
    limits,
    network,
    allowInternalNetwork,
    approve,
    onBudget,
    onUsageLimit,
    project,
    deliver,
    checks,
    commandPolicy,
    questions,
    commits,
    artifacts,
    // jsonb orders keys by their length first.
    envNames: Object.keys(env ?? {}).toSorted(),
    secretNames: [...secretNames],
    command: spec.command,
    pullRequest: spec.pullRequest,
    review: spec.review ? { post: spec.review.post } : null,
    resumedFrom: resume === null ? null : { taskId: resume.taskId, checkpoint: resume.checkpoint },
    upload: upload === null ? null : { commit: upload.commit, bytes: upload.bytes, sha256: upload.sha256 },
    keepMs: spec.keepMs,
    demo,
  };
}

function waiting(row: TaskRow): Pick<Task, "waits" | "asks" | "waitedMs"> {
  return {
    waits: row.waits.map(({ id, reason, since, until, message }) => ({
      id,
      reason,
      since: new Date(since).toISOString(),
      until: until === null ? null : new Date(until).toISOString(),
      message,
    })),
    asks: (row.asks ?? []).map((ask) => ({ ...ask, askedAt: new Date(ask.askedAt).toISOString() })),
    waitedMs: waitedUntil(toSnapshot(row), Date.now()),
  };
}

function sentence(row: TaskRow): string | null {
  const wait = firstWait(row.waits);
  const message = wait === null ? row.message : wait.message;
  if (row.reason === null) return message;
  const { what, next } = REASON_SENTENCES[row.reason];
  const until = wait?.until ? `It goes on by itself at ${new Date(wait.until).toISOString()}.` : null;
  // A budget that ended the task names the way on for that very budget.
  const isSaid = row.reason === "budget_exceeded" && message?.includes("`agency ") === true;
  const way = isSaid ? null : next.replace("ID", row.id);
  return [what, message, until, way].filter((part) => part !== null).join(" ");
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}
