import { randomUUID } from "node:crypto";
import { currentRepository, repositoryAround } from "../local/current-repository.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { clientOrStart } from "./client-or-start.ts";
import { readFromEditor, readPromptFile, readWords } from "./read-text.ts";
import { readTaskSecrets } from "./read-secret.ts";
import { toCreateTask } from "./run-input.ts";
import type { RunOptions } from "./run-input.ts";
import { startAndWatch } from "./watch-task.ts";

interface Options extends RunOptions {
  promptFile: string | undefined;
  edit: boolean;
  detach: boolean;
  secret: string[];
}

/** Everything is checked before anything is started: a mistake leaves nothing behind. */
export async function run(session: Session, words: string[], options: Options): Promise<number> {
  const prompt = await readPrompt(session, words, options);
  const repo = options.repo === "." ? currentRepository(session.world.cwd) : options.repo;
  const input = toCreateTask(prompt, { ...options, repo }, await readTaskSecrets(session, options.secret));
  const client = await clientOrStart(session);
  mentionRepository(session, options, repo);
  return startAndWatch(
    session,
    client,
    () => client.createTask(input, { idempotencyKey: randomUUID() }),
    options,
  );
}

/** Whoever stands in a clone often means it, and what is not pushed; but a run that pushes somewhere is never a guess. */
function mentionRepository(
  { world, output }: Session,
  { repo, branch, pr, demo, command }: Options,
  address: string | undefined,
): void {
  const note = (text: string) => output.note(output.noteStyle.dim(text));
  if (repo === ".") {
    const named = pr === undefined ? "its default branch" : `pull request ${pr}`;
    const start = branch === undefined ? named : `branch ${branch}`;
    note(
      `The agent gets ${address} at ${start}. What is not pushed stays here; agency push-session sends it.`,
    );
  }
  if (repo !== undefined || demo || command !== undefined) return;
  const found = repositoryAround(world.cwd);
  if (found !== null) note(`The agent begins in an empty folder; --repo . gives it a clone of ${found}.`);
}

const DEMO_PROMPT = "Write a small command-line program with a test, run the test, and fix what fails.";

async function readPrompt(session: Session, words: string[], options: Options): Promise<string> {
  const { promptFile, edit, command, demo } = options;
  if (promptFile !== undefined && (edit || words.length > 0)) {
    throw new UsageError(
      "The prompt is given twice.",
      "Use one of: words, --prompt-file, --edit, or - for stdin.",
    );
  }
  if (promptFile !== undefined) return readPromptFile(session, promptFile);
  if (edit) return readFromEditor(session, words.join(" "));
  if (words.length === 0 && command !== undefined) return command;
  if (words.length === 0 && demo) return DEMO_PROMPT;
  return readWords(session, words, "prompt");
}
