import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineLimits } from "@agency/core";
import { readProcessTable, wasStartedWith } from "../shared/process-table.ts";

export const LIMITS: EngineLimits = { turns: 20, costUsd: 5, drainMs: 5000, killGraceMs: 2000 };

/** Folders of one run, and a mark in its environment by which every process of it can be found again. */
export interface RunFolder {
  cwd: string;
  home: string;
  env: Record<string, string>;
  readonly livingProcesses: () => number;
  remove(): Promise<void>;
  /** Removes it, and fails when a process of the run is left. */
  clear(): Promise<void>;
}

export async function createRunFolder(): Promise<RunFolder> {
  const folder = await mkdtemp(join(tmpdir(), "agency-engine-"));
  const [cwd, home] = [join(folder, "workspace"), join(folder, "home")];
  await mkdir(cwd);
  await mkdir(home);
  const mark = randomUUID();
  const livingProcesses = (): number =>
    readProcessTable().filter(({ pid }) => wasStartedWith(pid, `AGENCY_TEST_RUN=${mark}`)).length;
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return {
    cwd,
    home,
    env: { PATH: process.env["PATH"] ?? "", AGENCY_TEST_RUN: mark },
    livingProcesses,
    remove,
    clear: async () => {
      const left = livingProcesses();
      await remove();
      if (left > 0) throw new Error(`${left} processes of the run are left.`);
    },
  };
}
