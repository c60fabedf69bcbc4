import { reviewCommentSchema, reviewFileSchema } from "@agency/contract";
import type { ReviewComment } from "@agency/core";
import { foreignMarkdown } from "./foreign-text.ts";

export type ReviewFile =
  | { readonly ok: true; readonly body: string; readonly comments: readonly ReviewComment[] }
  | { readonly ok: false; readonly problem: string };

export const MAX_REVIEW_BYTES = 4 * 1024 * 1024;
const MAX_COMMENTS = 1_000;
const MAX_COMMENT = 8_000;
const MAX_BODY = 30_000;

/** An agent's review as it may be posted. `hide` takes the secrets out of a text. */
export function readReview(text: string, hide: (text: string) => string): ReviewFile {
  if (text.length > MAX_REVIEW_BYTES) return { ok: false, problem: "is over 4 MiB" };
  const json = parsed(text);
  if (json === undefined) return { ok: false, problem: "is not JSON" };
  const file = reviewFileSchema.safeParse(json);
  if (!file.success) return { ok: false, problem: "is not an object with `body` and `comments`" };
  const { body, comments } = file.data;
  const read = comments.slice(0, MAX_COMMENTS).flatMap((comment) => {
    const { success, data } = reviewCommentSchema.safeParse(comment);
    return success ? [{ ...data, body: harmless(data.body, MAX_COMMENT, hide) }] : [];
  });
  const lost = comments.length - read.length;
  const said = harmless(body, MAX_BODY, hide);
  if (said === "" && read.length === 0) return { ok: false, problem: "says nothing" };
  const note = lost === 0 ? "" : `${lost} of the ${comments.length} comments could not be used.`;
  return { ok: true, body: [said, note].filter((part) => part !== "").join("\n\n"), comments: read };
}

/** Hidden twice: taking characters out may join the pieces of a secret. */
function harmless(text: string, most: number, hide: (text: string) => string): string {
  return hide(foreignMarkdown(hide(text), most));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
