import { gitProblem } from "../workspace/git.ts";
import type { Git, GitCall } from "../workspace/git.ts";

/** A failure that says what could not be done, in one sentence. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}

export interface SnapshotCall {
  timeoutMs: number;
  signal: AbortSignal;
}

/** What git printed, without the end of its line. */
export async function textOf(
  what: string,
  git: Git,
  args: readonly string[],
  call: GitCall,
): Promise<string> {
  const result = await git(args, call);
  check(what, result);
  return result.stdout.toString().trim();
}

export function check(what: string, result: Parameters<typeof gitProblem>[1]): void {
  const problem = gitProblem(what, result);
  if (problem !== null) throw new SnapshotError(problem);
}
