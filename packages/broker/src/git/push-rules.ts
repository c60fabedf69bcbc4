import type { PushRequest } from "./push-commands.ts";

export interface PushRule {
  readonly taskId: string;
  readonly pushBranch: string | undefined;
}

/** Why each ref of a push is refused, or null when the whole of it is fine. One bad ref refuses them all. */
export function judgePush({ commands, capabilities }: PushRequest, rule: PushRule): Refusals | null {
  const pushOptions = capabilities.has("push-options")
    ? "push options are not passed on: a host may merge or publish by them"
    : null;
  const reasons = commands.map(({ ref, deletes }) => pushOptions ?? whyNot(ref, deletes, rule));
  if (reasons.every((reason) => reason === null)) return null;
  return commands.map(({ ref }, index) => ({
    ref,
    reason: reasons[index] ?? "another ref of this push was refused",
  }));
}

export type Refusals = readonly { readonly ref: string; readonly reason: string }[];

function whyNot(ref: string, deletes: boolean, { taskId, pushBranch }: PushRule): string | null {
  const own = `refs/heads/agency/${taskId}/`;
  if (!isPlainRef(ref)) return "this is not a name for a branch";
  if (ref.startsWith(own) && ref.length > own.length) return null;
  if (pushBranch === undefined) return `this task may push to agency/${taskId}/* only`;
  if (ref !== `refs/heads/${pushBranch}`) {
    return `this task may push to agency/${taskId}/* and ${pushBranch} only`;
  }
  return deletes ? `this task may not delete ${pushBranch}` : null;
}

/** The rules of git check-ref-format, so that no server makes another ref of it. */
function isPlainRef(ref: string): boolean {
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\uFFFD/.test(ref)) return false;
  return ref
    .split("/")
    .every((part) => part !== "" && !/^\.|\.$/.test(part) && !part.toLowerCase().endsWith(".lock"));
}
