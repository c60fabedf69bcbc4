import type { ModelCaller } from "@agency/core";
import { causeOf, holdResponse } from "./route-context.ts";
import type { RouteContext } from "./route-context.ts";
import { firstUsable, poolHold } from "./sources.ts";
import type { Source } from "./sources.ts";
import type { Trouble } from "./trouble.ts";

/** Notes that a credential cannot be used, and gives the one whose turn it is; undefined when there is none. */
export async function nextSource(
  context: RouteContext,
  caller: ModelCaller,
  failed: Source,
  trouble: Trouble,
  sources: readonly Source[],
): Promise<Source | undefined> {
  const { vendor, pool, logger } = context;
  if (failed.credential === null) return undefined;
  const isNews = pool.note(vendor.id, failed.credential, trouble);
  const next = firstUsable(context, sources);
  const { name } = failed.credential;
  logger.warn(
    { taskId: caller.taskId, vendor: vendor.id, credential: name, ...trouble, next: next?.credential?.name },
    trouble.kind === "limit" ? "A model credential is used up." : "A model credential was refused.",
  );
  if (isNews && next?.credential) {
    const limit = {
      vendor: vendor.id,
      credentials: [name],
      until: trouble.kind === "limit" ? trouble.until : null,
    };
    await context.gate
      .changedCredential(caller, limit, next.credential.name)
      .catch((error: unknown) => notTold(context, caller, error));
  }
  return next;
}

/** The answer when no credential is left: the engine's request waits for the first reset. */
export async function usedUp(
  context: RouteContext,
  caller: ModelCaller,
  sources: readonly Source[],
): Promise<Response> {
  const { credentials, until, ...hold } = poolHold(context, sources);
  if (hold.hold === "usage_limit") {
    await context.gate
      .usedUp(caller, { vendor: context.vendor.id, credentials, until })
      .catch((error: unknown) => notTold(context, caller, error));
  }
  return holdResponse(context.vendor, hold);
}

function notTold(context: RouteContext, caller: ModelCaller, error: unknown): void {
  context.logger.error(
    { taskId: caller.taskId, cause: causeOf(error) },
    "The task was not told about a used up credential.",
  );
}
