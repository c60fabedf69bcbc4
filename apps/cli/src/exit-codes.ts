import type { ErrorCode, Task } from "@agency/contract";

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  unreachable: 5,
  /** The task is completed, and the branch or pull request it was asked for is not there. */
  undelivered: 6,
  /** As timeout(1): `wait --timeout` passed before the task ended. */
  timedOut: 124,
  interrupted: 130,
} as const;

const BY_CODE: Record<ErrorCode, number> = {
  invalid_request: EXIT.usage,
  invalid_json: EXIT.usage,
  method_not_allowed: EXIT.usage,
  payload_too_large: EXIT.usage,
  unsupported_media_type: EXIT.usage,
  unknown_engine: EXIT.usage,
  unknown_provider: EXIT.usage,
  unsupported_option: EXIT.usage,
  no_credential: EXIT.usage,
  repository_unavailable: EXIT.usage,
  unknown_blob: EXIT.usage,
  not_found: EXIT.notFound,
  unauthenticated: EXIT.notAllowed,
  forbidden: EXIT.notAllowed,
  wrong_host: EXIT.notAllowed,
  unavailable: EXIT.unreachable,
  upstream_failed: EXIT.unreachable,
  conflict: EXIT.failed,
  task_finished: EXIT.failed,
  idempotency_in_flight: EXIT.failed,
  idempotency_mismatch: EXIT.failed,
  fenced: EXIT.failed,
  expired: EXIT.notFound,
  too_many_requests: EXIT.failed,
  budget_exceeded: EXIT.failed,
  storage_full: EXIT.failed,
  internal: EXIT.failed,
};

export function exitCodeOfFailure(code: string): number {
  return Object.hasOwn(BY_CODE, code) ? BY_CODE[code as ErrorCode] : EXIT.failed;
}

export function exitCodeOfTask({ state, result }: Pick<Task, "state" | "result">): number {
  if (state !== "completed") return EXIT.failed;
  return (result?.undelivered ?? null) === null ? EXIT.done : EXIT.undelivered;
}

/** Of several: what failed counts more than what is only not where it should be. */
export function exitCodeOfTasks(tasks: readonly Pick<Task, "state" | "result">[]): number {
  const codes = new Set(tasks.map(exitCodeOfTask));
  return [EXIT.failed, EXIT.undelivered].find((code) => codes.has(code)) ?? EXIT.done;
}
