import { createHash, randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { AgencyError, REVIEW_FILE, reviewCommentSchema, reviewFileSchema } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { EXIT } from "../exit-codes.ts";
import { repositoryOption } from "../parse/values.ts";
import { oneLine, plain } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { clientOrStart } from "./client-or-start.ts";
import { toCreateTask } from "./run-input.ts";
import type { RunOptions } from "./run-input.ts";
import { startAndWatch } from "./watch-task.ts";

export interface ReviewOptions extends Omit<
  RunOptions,
  "repo" | "branch" | "pr" | "engine" | "command" | "deliver"
> {
  focus: string | undefined;
  noPost: boolean;
  detach: boolean;
}

const EVERYTHING = "Everything that matters before this is merged.";
const MOST_BYTES = 4 * 1024 * 1024;

/** An agent reads a pull request; the server posts what it found as one review. */
export async function review(session: Session, what: string, options: ReviewOptions): Promise<number> {
  const { repository, number } = pullRequestOf(what);
  const { focus = EVERYTHING, noPost, ...rest } = options;
  const given = { ...rest, repo: repository, branch: undefined, pr: undefined, engine: undefined };
  const input = {
    ...toCreateTask(focus, { ...given, command: undefined, deliver: "none" }),
    review: { pullRequest: number, post: !noPost },
  };
  const client = await clientOrStart(session);
  const made: string[] = [];
  const start = async () => {
    const task = await client.createTask(input, { idempotencyKey: randomUUID() });
    made.push(task.id);
    return task;
  };
  const code = await startAndWatch(session, client, start, options);
  const [id] = made;
  if (id === undefined || options.detach || code !== EXIT.done) return code;
  return tell(session, client, await client.getTask(id), !noPost);
}

/** `owner/name#12`, any repository's address with `#12`, or the address of the pull request itself. */
export function pullRequestOf(text: string): { repository: string; number: number } {
  const given = text.trim();
  const short = /^(.+)#(\d{1,9})$/.exec(given);
  const long = /^(https?:\/\/.+?)(?:\/-)?\/(?:pull|pulls|merge_requests)\/(\d{1,9})(?:[/?#].*)?$/.exec(given);
  const [, repository, number] = long ?? short ?? [];
  if (repository !== undefined && number !== undefined && Number(number) > 0)
    return { repository: repositoryOption(repository, "The pull request"), number: Number(number) };
  throw new UsageError(
    `"${oneLine(text)}" is not a pull request.`,
    "Write it like owner/name#12, or paste its address.",
  );
}

async function tell(session: Session, client: Client, task: Task, posted: boolean): Promise<number> {
  const { output, json } = session;
  if (posted) {
    const url = task.result?.review ?? null;
    if (url === null)
      throw new AgencyError("upstream_failed", "No review was posted.", {
        next: `The log says why: agency logs ${task.id}. What was found: agency artifacts ${task.id} get.`,
      });
    return EXIT.done;
  }
  const text = await reviewText(session, client, task);
  if (json) output.json({ type: "review", review: JSON.parse(text) });
  else output.print(shown(text));
  return EXIT.done;
}

async function reviewText({ signal }: Session, client: Client, task: Task): Promise<string> {
  const all = await client.artifacts(task.id, { signal });
  const found = all.find(({ kind, name }) => kind === "file" && name === REVIEW_FILE);
  if (found === undefined || found.bytes > MOST_BYTES)
    throw new AgencyError("not_found", `The agent left no ${REVIEW_FILE} that can be shown.`);
  const newHash = () => createHash("sha256");
  const { body } = await client.artifactContent(task.id, found, newHash, { signal });
  const text = (await buffer(body)).toString("utf8");
  if (parsed(text) === undefined)
    throw new AgencyError("upstream_failed", `The agent's ${REVIEW_FILE} is not JSON.`);
  return text;
}

function shown(text: string): string[] {
  const { success, data } = reviewFileSchema.safeParse(parsed(text));
  if (!success) return [plain(text)];
  const comments = data.comments.flatMap((comment) => {
    const read = reviewCommentSchema.safeParse(comment);
    return read.success
      ? ["", `${oneLine(read.data.path)}:${read.data.line}`, `  ${plain(read.data.body)}`]
      : [];
  });
  return [plain(data.body), ...comments];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
