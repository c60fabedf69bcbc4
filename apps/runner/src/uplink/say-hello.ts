import { UPLINK_PATHS, workOrderSchema } from "@agency/contract";
import type { Bootstrap, Hello, WorkOrder } from "@agency/contract";
import type { Clock } from "@agency/core";
import { backoffMs } from "./backoff.ts";
import type { UplinkClient } from "./client.ts";
import { judgeReply } from "./judge-reply.ts";

export type HelloResult =
  | { readonly kind: "welcome"; readonly order: WorkOrder }
  /** The token is used, unknown or of an attempt that is over. */
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "too_late"; readonly why: string };

export interface HelloOptions {
  client: UplinkClient;
  clock: Clock;
  random: () => number;
  bootstrap: Bootstrap;
  runner: { version: string; pid: number; nonce: string };
}

/** Burns the one-use token. Repeated with the same nonce until answered: the first answer may have been lost. */
export async function sayHello({
  client,
  clock,
  random,
  bootstrap,
  runner,
}: HelloOptions): Promise<HelloResult> {
  const { taskId, epoch, token } = bootstrap;
  const hello: Hello = {
    taskId,
    epoch,
    token,
    runnerVersion: runner.version,
    pid: runner.pid,
    nonce: runner.nonce,
  };
  const body = [Buffer.from(JSON.stringify(hello))];
  const deadlineAt = Date.parse(bootstrap.deadlineAt);
  for (let failures = 0; ; failures += 1) {
    const verdict = judgeReply(await client.post(UPLINK_PATHS.hello, body));
    if (verdict.kind === "ok") return readOrder(verdict.body, bootstrap);
    if (verdict.kind !== "retry")
      return { kind: "refused", why: `hello was refused: ${JSON.stringify(verdict)}` };
    const wait = backoffMs(failures, verdict.afterMs, random());
    if (clock.now() + wait >= deadlineAt) return { kind: "too_late", why: verdict.why };
    await clock.sleep(wait);
  }
}

function readOrder(body: unknown, bootstrap: Bootstrap): HelloResult {
  const parsed = workOrderSchema.safeParse(body);
  if (!parsed.success) {
    return {
      kind: "refused",
      why: `the work order is not one this runner understands: ${parsed.error.message}`,
    };
  }
  const order = parsed.data;
  const same = order.taskId === bootstrap.taskId && order.epoch === bootstrap.epoch;
  return same
    ? { kind: "welcome", order }
    : { kind: "refused", why: `the work order is for task ${order.taskId}, attempt ${order.epoch}` };
}
