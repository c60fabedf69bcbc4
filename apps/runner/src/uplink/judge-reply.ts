import { z } from "zod";
import type { Reply } from "./client.ts";

/** What an answer of the control plane means to the runner. */
export type Verdict =
  | { readonly kind: "ok"; readonly body: unknown }
  /** Not now: the same again later. */
  | { readonly kind: "retry"; readonly afterMs: number | null; readonly why: string }
  /** This attempt is over for the control plane: nothing it says or does counts any more. */
  | { readonly kind: "fenced"; readonly why: string }
  /** The content is at fault: the same again cannot help. */
  | { readonly kind: "refused"; readonly status: number }
  /** The control plane holds less than was sent: go on from there. */
  | { readonly kind: "behind"; readonly have: number };

const problemSchema = z.object({
  detail: z.string().min(1).max(1000),
  next: z.string().min(1).max(1000).optional(),
});
const behindSchema = z.object({ have: z.number().int().nonnegative() });
const FENCED = new Set([401, 404, 409, 410]);
/** 507: only people make room, and a run that goes on does not wait for them. */
const REFUSED = new Set([400, 413, 415, 422, 507]);

export function judgeReply(reply: Reply): Verdict {
  if (reply.kind === "unreachable") return { kind: "retry", afterMs: null, why: reply.why };
  const { status, body } = reply;
  if (status >= 200 && status < 300) return { kind: "ok", body };
  const behind = status === 409 ? behindSchema.safeParse(body) : null;
  if (behind?.success) return { kind: "behind", have: behind.data.have };
  if (FENCED.has(status)) return { kind: "fenced", why: `the control plane answered ${status}` };
  if (REFUSED.has(status)) return { kind: "refused", status };
  return { kind: "retry", afterMs: reply.retryAfterMs, why: whyOf(reply) };
}

/** In the control plane's own words, where it has some. */
export function whyOf({ status, body }: Extract<Reply, { kind: "answer" }>): string {
  const problem = problemSchema.safeParse(body);
  const { detail, next } = problem.data ?? {};
  const said = [detail, next].flatMap((text) => (text === undefined ? [] : [text.replace(/\.$/, "")]));
  return [`the control plane answered ${status}`, said.join(". ")].filter(Boolean).join(": ");
}
