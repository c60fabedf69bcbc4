import { AgencyError, isAgencyError } from "@agency/contract";

const FULL = new Set(["ENOSPC", "EDQUOT"]);
const FORBIDDEN = new Set(["EACCES", "EPERM", "EROFS"]);

/** What a failed disk operation means to a person. `what` is the object or folder, `where` the storage folder. */
export function diskError(error: unknown, what: string, where: string): AgencyError {
  if (isAgencyError(error)) return error;
  const code = codeOf(error);
  if (FULL.has(code)) {
    return new AgencyError("unavailable", `${what} was not stored: the disk of ${where} is full.`, {
      next: "Free space on that disk, then try again. What was stored before is untouched.",
      cause: error,
    });
  }
  if (FORBIDDEN.has(code)) {
    return new AgencyError(
      "unavailable",
      `${what} cannot be reached: access to ${where} was refused (${code}).`,
      {
        next: `Let the user that runs Agency own and write ${where}.`,
        cause: error,
      },
    );
  }
  return new AgencyError("unavailable", `${what} cannot be reached in ${where} (${code}).`, {
    next: "Look at that disk and at the server log, then try again.",
    cause: error,
  });
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "unknown error";
}
