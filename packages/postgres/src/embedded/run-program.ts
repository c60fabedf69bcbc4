import { spawn } from "node:child_process";
import type { ServerUser } from "./server-user.ts";

export interface Finished {
  code: number | null;
  output: string;
}

/** Nothing of our own environment reaches PostgreSQL: it may hold credentials. */
export const PROGRAM_ENV = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

export function asServerUser(user: ServerUser): { uid?: number; gid?: number } {
  return user.dropTo === null ? {} : { uid: user.dropTo.uid, gid: user.dropTo.gid };
}

/** Runs a program to its end. One that cannot be started at all rejects with the system's error. */
export function runProgram(
  program: string,
  args: string[],
  user: ServerUser,
  cwd: string,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...asServerUser(user),
      cwd,
      env: PROGRAM_ENV,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-16_384);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
