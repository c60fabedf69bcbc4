import { AgencyError } from "@agency/contract";
import type { CreateTask } from "@agency/contract";
import type { ArtifactStore, SupervisedTask, TaskSpec, TaskStore } from "@agency/core";

export interface ResumeDeps {
  tasks: Pick<TaskStore, "load">;
  artifacts: Pick<ArtifactStore, "checkpoints">;
}

export interface Resumed {
  input: CreateTask;
  resume: TaskSpec["resume"];
}

/**
 * Fills in what a task that goes on from another one takes over: parent, project, model and repository (with the
 * pull request it was for), each unless the request names its own. Provider, limits, network and the rest are the
 * request's: in it a default cannot be told from a choice.
 */
export async function resumeFrom(deps: ResumeDeps, accountId: string, input: CreateTask): Promise<Resumed> {
  if (input.resume === undefined) return { input, resume: null };
  const { taskId, checkpoint, fork } = input.resume;
  const source = await deps.tasks.load(taskId);
  if (source === null || source.accountId !== accountId || source.hidden) {
    throw new AgencyError("not_found", `There is no task ${taskId} to go on from.`);
  }
  checkEngine(source, input.engine);
  const number = await chooseCheckpoint(deps, taskId, checkpoint);
  return { input: takeOver(input, source), resume: { taskId, checkpoint: number, fork } };
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

async function chooseCheckpoint(
  { artifacts }: ResumeDeps,
  taskId: string,
  wanted: number | undefined,
): Promise<number> {
  const numbers = (await artifacts.checkpoints(taskId)).map(({ number }) => number);
  const [newest] = numbers;
  if (newest === undefined) {
    throw new AgencyError(
      "conflict",
      `Nothing of task ${taskId} was kept: it has no checkpoint to go on from.`,
      {
        next: "One is made after each turn. Start a new task instead.",
      },
    );
  }
  if (wanted === undefined) return newest;
  if (numbers.includes(wanted)) return wanted;
  throw new AgencyError("conflict", `Checkpoint ${wanted} of task ${taskId} is not kept.`, {
    next: `Those that are: ${numbers.join(", ")}.`,
  });
}

function takeOver(input: CreateTask, { id, model, spec }: SupervisedTask): CreateTask {
  const { repository, pullRequest } = input.repository === undefined ? spec : input;
  const taken = {
    parentId: input.parentId ?? id,
    model: input.model ?? model,
    project: input.project ?? spec.project,
    repository,
    pullRequest: input.pullRequest ?? pullRequest,
  };
  return { ...input, ...present(taken) };
}

function present<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined && v !== null)) as never;
}
