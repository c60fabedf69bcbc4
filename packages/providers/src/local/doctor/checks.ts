import { dirname } from "node:path";
import type { Check } from "@agency/contract";
import type { LocalContext } from "../context.ts";
import { MachineProblem } from "../machine-problem.ts";
import * as machine from "./machine.ts";
import { makeOpenFolder } from "../staging.ts";
import { runTrial } from "./trial.ts";
import { judgeTrial } from "./verdicts.ts";

type Question = (local: LocalContext, signal: AbortSignal) => Promise<Check[]>;

const QUESTIONS: readonly (readonly [id: string, ask: Question])[] = [
  ["local.bwrap", one(machine.checkTools)],
  ["local.userns", one(machine.checkUserNamespaces)],
  ["local.user", one(machine.checkUser)],
  ["local.cgroup", one(machine.checkCgroups)],
  ["local.paths", one(machine.checkPaths)],
  ["local.run", async (local, signal) => judgeTrial(await runTrial(local, signal))],
  ["local.disk", one(machine.checkDisk)],
  ["local.data", one(machine.checkDataFolder)],
  ["local.stale", one(machine.checkStale)],
];

/** Everything is really tried on this machine, now. Never throws. */
export async function runChecks(local: LocalContext, signal: AbortSignal): Promise<Check[]> {
  if (process.platform !== "linux") {
    const fix = "run tasks with another provider, or the server on Linux";
    return [{ id: "local.platform", level: "fail", detail: "Local sandboxes need Linux.", fix }];
  }
  // A first run: whatever hinders this is said by the checks themselves.
  await makeOpenFolder(dirname(local.home), local.uids === null ? 0o700 : 0o711).catch(() => undefined);
  const answers = await Promise.all(
    QUESTIONS.map(([id, ask]) => ask(local, signal).catch((error: unknown) => [failed(id, error)])),
  );
  return answers.flat();
}

function one(ask: (local: LocalContext) => Promise<Check>): Question {
  return async (local) => [await ask(local)];
}

function failed(id: string, error: unknown): Check {
  if (error instanceof MachineProblem) {
    return { id, level: "fail", detail: sentence(error.what), fix: error.fix };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    id,
    level: "fail",
    detail: sentence(message),
    fix: "put this right and run `agency doctor` again",
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
