import { createRequire } from "node:module";
import type { Logger } from "@agency/core";
import { pino } from "pino";
import type { DestinationStream } from "pino";
import type * as PinoPretty from "pino-pretty";
import type { ServerConfig } from "./config.ts";
import type { LiveRedaction } from "./live-redaction.ts";

/** Fields that hold a credential wherever they turn up. */
const SECRET_FIELDS = ["authorization", "cookie", "token", "apiKey", "x-api-key", "password", "secret"];

/**
 * One JSON object a line, or coloured lines for a person. Credentials are taken out twice: fields by their
 * name, and every known secret by its value wherever it stands, because an error may quote anything.
 */
export function createLogger(
  { log }: Pick<ServerConfig, "log">,
  { redactText }: Pick<LiveRedaction, "redactText">,
  out: DestinationStream = process.stdout,
): Logger {
  return pino(
    {
      level: log.level,
      base: null,
      redact: { paths: SECRET_FIELDS.flatMap(pathsOf), censor: "[redacted]" },
      hooks: { streamWrite: redactText },
      formatters: { level: (level) => ({ level }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    log.pretty ? prettyStream(out) : out,
  );
}

/** The matcher has no "at any depth": these are the depths that occur. */
function pathsOf(field: string): string[] {
  const key = /^[a-z]+$/i.test(field) ? `.${field}` : `["${field}"]`;
  return [key.replace(/^\./, ""), `*${key}`, `*.*${key}`];
}

/** Loaded only where a person reads along: it costs memory that a server does not have to spare. */
function prettyStream(out: DestinationStream): DestinationStream {
  const { prettyFactory } = createRequire(import.meta.url)("pino-pretty") as typeof PinoPretty;
  const pretty = prettyFactory({ colorize: true, translateTime: "SYS:HH:MM:ss.l" });
  return { write: (line) => out.write(pretty(line)) };
}
