import type { Style } from "./render/style.ts";
import { oneLine, plain } from "./render/text.ts";

interface Failure {
  code: string;
  message: string;
  next?: string;
  requestId?: string;
  errors?: { path: string; message: string }[];
  /** Only of our own mistakes. */
  stack?: string;
}

/** Any error as what a person or a program is told of it. What nobody foresaw is our own mistake. */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: "internal", message: String(error) };
  if (error.name === "UsageError" || error.name === "AgencyError") {
    const { code, next, requestId, errors } = error as Error & Failure;
    return {
      code,
      message: error.message,
      ...(next === undefined ? {} : { next }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(errors === undefined ? {} : { errors }),
    };
  }
  // The system's own words, such as "EACCES: permission denied, open '/x'", say what and where.
  if ("syscall" in error) return { code: "internal", message: `${error.message}.` };
  return {
    code: "internal",
    message: `This is a mistake in Agency: ${error.message}`,
    next: "Please report it with the lines below.",
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
}

export function renderFailure(failure: Failure, style: Style): string[] {
  const [first = "", ...rest] = plain(failure.message).split("\n");
  return [
    `${style.red("agency:")} ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...furtherOf(failure).map(({ path, message }) => `  ${oneLine(path)}: ${oneLine(message)}`),
    ...(failure.next === undefined ? [] : [`  ${oneLine(failure.next)}`]),
    ...(failure.requestId === undefined || failure.code !== "internal"
      ? []
      : [style.dim(`  Request ${oneLine(failure.requestId)}: look for it in the server's log.`)]),
    ...(failure.stack === undefined
      ? []
      : failure.stack
          .split("\n")
          .slice(1)
          .map((line) => style.dim(plain(line)))),
  ];
}

/** The sentence of a refused request says the first of them already. */
function furtherOf({ message, errors = [] }: Failure): { path: string; message: string }[] {
  return errors.filter((error) => !message.includes(error.message));
}
