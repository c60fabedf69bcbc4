import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import type { ErrorClass } from "@agency/contract";
import type { EngineStart } from "@agency/core";
import type { StartProblem } from "./decide-ending.ts";
import type { ModelApi } from "./environment.ts";
import { readInstructions } from "./instructions.ts";
import { findTranscript, isSessionId } from "./session-files.ts";

export interface Prepared {
  modelApi: ModelApi;
  instructions: string;
}

export interface Ground {
  executable: string;
  maxSessionBytes: number;
}

/** Everything that would make the engine fail in its own, less helpful, way is looked at first. */
export async function prepare(start: EngineStart, ground: Ground): Promise<Prepared | StartProblem> {
  const { turns, costUsd } = start.limits;
  if (turns !== null && turns < 1) return { kind: "limit", limit: "turns" };
  if (costUsd !== null && costUsd <= 0) return { kind: "limit", limit: "cost" };
  const modelApi = start.modelApis.anthropic;
  if (modelApi === undefined)
    return problem(
      "config",
      "The claude engine needs the API of Anthropic, and this run was given none. Set a model credential.",
    );
  if (!(await isExecutable(ground.executable)))
    return problem(
      "config",
      `Claude Code is not installed at ${ground.executable}. Run the set-up again to install it.`,
    );
  if (!(await isFolder(start.cwd))) return problem("config", `The workspace ${start.cwd} is not a folder.`);
  const unusable = await sessionProblem(start, ground.maxSessionBytes);
  if (unusable !== undefined) return unusable;
  await mkdir(start.home, { recursive: true, mode: 0o700 });
  return { modelApi, instructions: await readInstructions(start.cwd) };
}

async function sessionProblem(start: EngineStart, maxBytes: number): Promise<StartProblem | undefined> {
  const { sessionId, resume } = start;
  if (sessionId !== undefined && !isSessionId(sessionId))
    return problem("config", `The session id ${JSON.stringify(sessionId)} is not a UUID.`);
  if (resume === undefined) return undefined;
  // The engine would also take a path here.
  const transcript = isSessionId(resume.sessionId)
    ? await findTranscript(start.home, resume.sessionId)
    : undefined;
  if (transcript === undefined)
    return problem(
      "resume_not_found",
      `There is no session ${JSON.stringify(resume.sessionId)} to resume in this home.`,
    );
  // Transcripts of gigabytes are known to hang the engine when they are read back.
  if (transcript.bytes > maxBytes)
    return problem(
      "config",
      `The transcript of session ${resume.sessionId} is too large to resume. Start a new session.`,
    );
  return undefined;
}

function problem(errorClass: ErrorClass, message: string): StartProblem {
  return { kind: "error", class: errorClass, message };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
