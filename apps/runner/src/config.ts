import { join } from "node:path";

const MINUTE = 60_000;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface RunnerConfig {
  bootstrapPath: string;
  home: string;
  workspace: string;
  tmp: string;
  /** A folder for checks where nothing of the agent lies above; null: one in its home has to do. */
  checks: string | null;
  path: string;
  lang: string;
  /** One program a file, named after its engine. */
  enginesDir: string;
  /** Longest time without any answer of the control plane before the agent is stopped. */
  deadManMs: number;
  /** Every process of this sandbox is the runner's or the agent's, and none of another program on the machine. */
  hasOwnProcesses: boolean;
}

/** The only place that reads the environment; the working directory is the workspace. */
export function readConfig(env: Readonly<Record<string, string | undefined>>, cwd: string): RunnerConfig {
  return {
    bootstrapPath: env["AGENCY_BOOTSTRAP"] ?? "/run/agency/bootstrap.json",
    home: env["HOME"] ?? "/home/agent",
    workspace: cwd,
    tmp: env["TMPDIR"] ?? "/tmp",
    checks: env["AGENCY_CHECKS"] ?? null,
    path: env["PATH"] ?? DEFAULT_PATH,
    lang: env["LANG"] ?? "C.UTF-8",
    enginesDir: env["AGENCY_ENGINES"] ?? "/opt/agency/engines",
    deadManMs: positive(env["AGENCY_DEAD_MAN_MS"]) ?? 10 * MINUTE,
    hasOwnProcesses: env["AGENCY_OWN_PROCESSES"] === "1",
  };
}

export function privateFolder(config: RunnerConfig): string {
  return join(config.home, ".agency");
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}
