import { AgencyError } from "@agency/contract";

/** The database cannot be used: what failed, on what, and what a person does about it. */
export function unavailable(message: string, next: string, cause?: unknown): AgencyError {
  return new AgencyError("unavailable", message, cause === undefined ? { next } : { next, cause });
}

export const OTHER_SERVER = "or set DATABASE_URL to a PostgreSQL server (15 or newer) of your own";

type FailureKind = "disk_full" | "still_in_use" | "other";

/** What a PostgreSQL program meant when it gave up. Its words are the only place that says it. */
export function classifyOutput(output: string): FailureKind {
  if (/No space left on device|Disk quota exceeded/.test(output)) return "disk_full";
  // The postmaster was killed and one of its children has not noticed yet.
  if (/pre-existing shared memory block/.test(output)) return "still_in_use";
  return "other";
}

/** The line of a program's output that a person should read. */
export function decisiveLine(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const decisive = lines.findLast((line) => /\b(?:FATAL|PANIC|error):/.test(line));
  return (decisive ?? lines.findLast((line) => line !== "") ?? "it said nothing").slice(0, 500);
}

export function diskFull(folder: string): AgencyError {
  return unavailable(
    `The disk holding ${folder} is full: PostgreSQL cannot write.`,
    "Free some space and start again; nothing that was stored is lost.",
  );
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
