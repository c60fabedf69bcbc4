import { AgencyError } from "@agency/contract";
import type { Session } from "../session.ts";

export interface GitCall {
  input?: string;
  env?: Record<string, string>;
}

/** Git for one folder. Output is one character a byte: names need not be UTF-8. */
export interface UserGit {
  run(args: string[], call?: GitCall): Promise<{ code: number; stdout: string; stderr: string }>;
  /** As `run`, for what must succeed. */
  need(args: string[], call?: GitCall): Promise<string>;
}

/**
 * It is the user's own repository, and reading it runs what git runs for them. But nobody asked for hooks or for a
 * daemon, and the files that LFS keeps elsewhere have to go along.
 */
const QUIET = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["filter.lfs.clean", ""],
  ["filter.lfs.process", ""],
  ["filter.lfs.required", "false"],
].flatMap(([name, value]) => ["-c", `${name}=${value}`]);

export function userGit(
  { world, signal }: Session,
  cwd: string,
  always: Record<string, string> = {},
): UserGit {
  const run: UserGit["run"] = async (args, { input, env = {} } = {}) => {
    const ran = await world.processes.run("git", [...QUIET, ...args], {
      cwd,
      env: { LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_LITERAL_PATHSPECS: "1", ...always, ...env },
      signal,
      ...(input === undefined ? {} : { input: Buffer.from(input, "latin1") }),
    });
    if (ran !== null) return { ...ran, stdout: ran.stdout.toString("latin1") };
    throw new AgencyError("unsupported_option", "git is not installed, and it packs the folder.", {
      next: "Install git.",
    });
  };
  return {
    run,
    need: async (args, call) => {
      const { code, stdout, stderr } = await run(args, call);
      if (code === 0) return stdout;
      throw new AgencyError("conflict", `git ${args[0] ?? ""} failed: ${stderr.trim()}`);
    },
  };
}

/** A line of git's as a path of this system. */
export function lineOf(stdout: string): string {
  return Buffer.from(stdout.replace(/\n$/, ""), "latin1").toString("utf8");
}
