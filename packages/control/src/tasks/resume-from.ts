import { AgencyError } from "@agency/contract";
import type { CreateTask } from "@agency/contract";
import type { ArtifactStore, SupervisedTask, TaskSpec, TaskStore } from "@agency/core";

export interface ResumeDeps {
  tasks: Pick<TaskStore, "load">;
  artifacts: Pick<ArtifactStore, "checkpoints" | "blobs">;
}

export interface Resumed {
  input: CreateTask;
  resume: TaskSpec["resume"];
  /** Of the task it goes on from, when that kept nothing and had begun with it. */
  upload: TaskSpec["upload"];
}

/**
 * Fills in what a task that goes on from another one takes over: parent, project, model, command, repository (with what is
 * handed back and the pull request it was for), limits, checks and how its agent may work, each unless the request
 * names its own. Provider and the rest are the request's: in it a default cannot be told from a choice. An open internal network
 * is never taken over, and secrets of the task alone are gone with it.
 */
export async function resumeFrom(deps: ResumeDeps, accountId: string, input: CreateTask): Promise<Resumed> {
  if (input.resume === undefined) return { input, resume: null, upload: null };
  const { taskId, checkpoint, fork } = input.resume;
  const source = await deps.tasks.load(taskId);
  if (source === null || source.accountId !== accountId || source.hidden) {
    throw new AgencyError("not_found", `There is no task ${taskId} to go on from.`);
  }
  checkEngine(source, input.engine);
  const { upload = null, ...from } = await chooseCheckpoint(deps, source, checkpoint);
  return { input: takeOver(input, source), resume: { ...from, fork }, upload };
}

/** A session is in the files of one engine; no other reads them. */
function checkEngine({ id, engine }: SupervisedTask, wanted: string): void {
  if (engine === wanted) return;
  throw new AgencyError(
    "unsupported_option",
    `Task ${id} ran with the engine "${engine}": what it remembers cannot be taken over by "${wanted}".`,
    { next: `Use the engine "${engine}" (--engine), or start a new task.` },
  );
}

interface From {
  readonly taskId: string;
  readonly checkpoint: number;
  readonly upload?: NonNullable<TaskSpec["upload"]>;
}

/** A task that was lost before it kept anything has what it began with: somebody else's checkpoint, or an upload. */
async function chooseCheckpoint(
  { artifacts }: Pick<ResumeDeps, "artifacts">,
  { id, spec }: SupervisedTask,
  wanted: number | undefined,
): Promise<From> {
  const numbers = await numbersOf(artifacts, id);
  const [newest] = numbers;
  if (newest === undefined) {
    const began = wanted === undefined ? await stillKept(artifacts, id, spec) : null;
    if (began !== null) return began;
    throw new AgencyError("conflict", `Nothing of task ${id} was kept: it has no checkpoint to go on from.`, {
      next: "One is made after each turn. Start a new task instead.",
    });
  }
  if (wanted === undefined) return { taskId: id, checkpoint: newest };
  if (numbers.includes(wanted)) return { taskId: id, checkpoint: wanted };
  throw new AgencyError("conflict", `Checkpoint ${wanted} of task ${id} is not kept.`, {
    next: `Those that are: ${numbers.join(", ")}.`,
  });
}

async function stillKept(
  artifacts: ResumeDeps["artifacts"],
  id: string,
  { resume: from, upload }: Pick<TaskSpec, "resume" | "upload">,
): Promise<From | null> {
  if (upload !== null) return stillUploaded(artifacts, from?.taskId ?? id, upload);
  if (from === null || !(await numbersOf(artifacts, from.taskId)).includes(from.checkpoint)) return null;
  return { taskId: from.taskId, checkpoint: from.checkpoint };
}

/** It is the first task's own, however many went on from it since: nothing of that one is removed meanwhile. */
async function stillUploaded(
  artifacts: ResumeDeps["artifacts"],
  taskId: string,
  upload: NonNullable<TaskSpec["upload"]>,
): Promise<From | null> {
  const blobs = await artifacts.blobs(taskId);
  const isThere = blobs.some(({ key, expiredAt }) => key === upload.key && expiredAt === undefined);
  return isThere ? { taskId, checkpoint: 0, upload } : null;
}

async function numbersOf(artifacts: ResumeDeps["artifacts"], taskId: string): Promise<number[]> {
  return (await artifacts.checkpoints(taskId)).map(({ number }) => number);
}

function takeOver(input: CreateTask, { id, model, spec }: SupervisedTask): CreateTask {
  const { repository, pullRequest, deliver } = input.repository === undefined ? spec : input;
  const isReview = input.review !== undefined;
  const taken = {
    parentId: input.parentId ?? id,
    model: input.model ?? model,
    command: input.command ?? spec.command,
    project: input.project ?? spec.project,
    repository,
    pullRequest: input.pullRequest ?? (isReview ? null : pullRequest),
    deliver: input.deliver ?? (isReview ? null : deliver),
    repositories: input.repositories ?? spec.repositories,
    limits: { ...spec.limits, ...present(input.limits) },
    checks: input.checks ?? spec.checks,
  };
  const { network, approve, commandPolicy, questions, commits, artifacts, env } = {
    ...spec,
    ...present(input),
  };
  const way = { network, approve, commandPolicy, questions, commits, artifacts, env };
  return { ...input, ...present({ ...taken, ...way }) };
}

function present<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined && v !== null)) as never;
}
