import type { NewReview, ReviewComment } from "@agency/core";
import type { DiffLines } from "./diff-lines.ts";

/** GitHub takes 65,536 characters; some are left for what it counts differently. */
export const MAX_BODY = 60_000;

export interface PlacedReview {
  readonly body: string;
  readonly comments: readonly ReviewComment[];
}

export function keyMark(key: string): string {
  return `<!-- agency-review:${key.replaceAll(/[^\w.:-]/g, "_")} -->`;
}

/** What stands at a line of the change stays a comment; the rest goes into the body, where it is not lost. */
export function placeComments(review: NewReview, files: ReadonlyMap<string, DiffLines>): PlacedReview {
  const comments: ReviewComment[] = [];
  const rest: ReviewComment[] = [];
  for (const comment of review.comments) {
    const fits = files.get(comment.path)?.[comment.side].has(comment.line) ?? false;
    (fits ? comments : rest).push(comment);
  }
  return { body: bodyWith(review, rest), comments };
}

export function bodyWith(review: NewReview, comments: readonly ReviewComment[]): string {
  const mark = `\n\n${keyMark(review.key)}`;
  const room = MAX_BODY - mark.length;
  if (comments.length === 0) return cut(review.body, room) + mark;
  const head = cut(review.body, room - 2_000);
  let text = `${head}${head === "" ? "" : "\n\n"}Comments on lines that cannot be commented on here:\n`;
  for (const [index, comment] of comments.entries()) {
    const item = listItem(comment);
    if (text.length + item.length > room - 100) {
      const left = comments.length - index;
      return `${text}\n- …and ${left} more, which did not fit: they are in .agency/review.json of the task.${mark}`;
    }
    text += item;
  }
  return text + mark;
}

function listItem({ path, line, side, body }: ReviewComment): string {
  const where = `${path.replaceAll("`", "'")}:${line}${side === "old" ? " (before)" : ""}`;
  return `\n- \`${where}\`: ${body.replaceAll("\n", "\n  ")}`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}
