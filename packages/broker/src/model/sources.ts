import type { ModelCaller, ModelCredential } from "@agency/core";
import { apiErrors } from "./api-error.ts";
import type { ModelUpstream } from "./model-upstream.ts";
import { causeOf } from "./route-context.ts";
import type { Hold, Refusal, RouteContext } from "./route-context.ts";

/** One way to ask the vendor. */
export interface Source {
  readonly upstream: ModelUpstream;
  /** Null when none is needed: the demo, or a server of one's own. */
  readonly credential: ModelCredential | null;
}

/** Every way the call may take, in the order they are tried. Never empty. */
export async function openSources(
  context: RouteContext,
  caller: ModelCaller,
): Promise<readonly Source[] | Refusal> {
  if (caller.demo) return [{ upstream: { handle: context.demo }, credential: null }];
  const { vendor, baseUrl } = context;
  try {
    const known = await context.credentials.forModel(caller, vendor.id);
    // Who does not want the next one at a limit does not want its bill in any other case.
    const allowed = caller.onUsageLimit === "next" ? known : known.slice(0, 1);
    if (allowed.length > 0) {
      return allowed.map((credential) => ({
        upstream: { baseUrl, headers: vendor.credentialHeaders(credential) },
        credential,
      }));
    }
  } catch (error) {
    context.logger.error(
      { taskId: caller.taskId, cause: causeOf(error) },
      "The model credential could not be read.",
    );
    return { refusal: apiErrors.gateDown() };
  }
  if (URL.parse(baseUrl)?.hostname === vendor.home)
    return { refusal: apiErrors.noCredential(vendor.title, vendor.howToAdd) };
  return [{ upstream: { baseUrl, headers: {} }, credential: null }];
}

/** The first that is not in trouble. */
export function firstUsable(context: RouteContext, sources: readonly Source[]): Source | undefined {
  return sources.find(
    ({ credential }) => credential === null || context.pool.troubleOf(context.vendor.id, credential) === null,
  );
}

/** A reset that is nearer is waited for without a word. */
const SHORT_WAIT_MS = 5000;

/** What the engine waits for when no source can be used, and until when. */
export function poolHold(
  context: RouteContext,
  sources: readonly Source[],
): Hold & { credentials: string[]; until: number } {
  const blocked = sources.flatMap(({ credential }) => {
    const trouble = credential && context.pool.troubleOf(context.vendor.id, credential);
    return credential && trouble ? [{ name: credential.name, trouble }] : [];
  });
  const limited = blocked.filter(({ trouble }) => trouble.kind === "limit");
  const counted = limited.length > 0 ? limited : blocked;
  const now = context.date();
  // A credential may have come free since it was looked at.
  const until = counted.length === 0 ? now : Math.min(...counted.map(({ trouble }) => trouble.until));
  const credentials = counted.map(({ name }) => name);
  const retryMs = Math.max(0, until - now);
  const at = new Date(until).toISOString();
  const names = credentials.join(", ");
  const message = `Every credential for ${context.vendor.title} that this task may use (${names}) has reached its usage limit. It resets at ${at}.`;
  return { hold: retryMs <= SHORT_WAIT_MS ? "busy" : "usage_limit", retryMs, message, credentials, until };
}
