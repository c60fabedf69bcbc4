import { AgencyError, isAgencyError } from "@agency/contract";

const WAIT = "It is tried again by itself; if this stays, look at the database's own log.";
const SETTINGS = "Check DATABASE_URL: the server, the user, the password and the database it names.";
const SPACE = "Free some space; work goes on by itself.";

const KNOWN: Readonly<Record<string, readonly [what: string, next: string]>> = {
  ENOENT: ["There is no database server at this socket.", WAIT],
  ECONNREFUSED: ["The database server refuses connections.", WAIT],
  ENOTFOUND: ["The host name of the database server is unknown.", SETTINGS],
  "28000": ["The database server does not let this user in.", SETTINGS],
  "28P01": ["The database server does not accept this password.", SETTINGS],
  "3D000": ["The database server has no database of this name.", SETTINGS],
  "53100": ["The database's disk is full.", SPACE],
  "53200": ["The database server is out of memory.", WAIT],
  "53300": ["The database server has no connection left.", WAIT],
  "57P01": ["The database server is shutting down.", WAIT],
  "57P02": ["The database server is restarting after a crash.", WAIT],
  "57P03": ["The database server is starting up.", WAIT],
};

/** 08: connection exceptions. The others are the system's; and some come from the driver without any code. */
const LOST = /^(?:08.{3}|ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const LOST_WORDS =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** "Cannot be used now" becomes a coded error with a next step; an error of the statement stays what it is. */
export function translate(error: unknown): unknown {
  if (isAgencyError(error)) return error;
  const known = describe(error);
  if (known === null) return error;
  const [what, next] = known;
  return new AgencyError("unavailable", what, { next, cause: error, retryAfterMs: 1_000 });
}

/** The code of a failed statement, or of the system call behind it. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function describe(error: unknown): readonly [what: string, next: string] | null {
  if (!(error instanceof Error)) return null;
  const code = sqlState(error) ?? "";
  const known = KNOWN[code];
  if (known !== undefined) return known;
  if (LOST.test(code) || LOST_WORDS.test(error.message))
    return ["The connection to the database was lost.", WAIT];
  return null;
}
