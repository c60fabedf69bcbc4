import { z } from "zod";
import { MAX_KEEP_MS } from "../limits.ts";

/** Each schema turns the text of a setting into its value, with a message that completes "AGENCY_X must …". */
const items = (value: string): string[] =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, error);
};

export const portValue = wholeNumber(0, 65_535);
export const runningValue = wholeNumber(1, 10_000);
export const pidsValue = wholeNumber(16, 4_194_304);

export const cpusValue = z
  .string()
  .regex(/^\d{1,4}(\.\d{1,3})?$/, { error: "must be a number of processors, such as 2 or 0.5", abort: true })
  .transform(Number)
  .refine((value) => value >= 0.1 && value <= 1024, "must be from 0.1 to 1024 processors");

const UNITS: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
const sizeValue = z
  .string()
  .regex(/^\d{1,15}[kmgt]?(i?b)?$/i, { error: "must be a size, such as 512m or 4g", abort: true })
  .transform(
    (value) => Number.parseInt(value, 10) * (UNITS[/[kmgt]/i.exec(value)?.[0].toLowerCase() ?? ""] ?? 1),
  );
export const memoryValue = sizeValue.refine((value) => value >= 64 * 1024 ** 2, "must be at least 64m");

/** 0 turns it off. */
export const keptBytesValue = sizeValue.refine(
  (value) => value === 0 || value >= 64 * 1024 ** 2,
  "must be 0, or at least 64m",
);

/** 0 is no limit. */
export const roomValue = sizeValue.refine(
  (value) => value === 0 || value >= 1024 ** 2,
  "must be 0, or at least 1m",
);

const SPANS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const spanOf = (text: string) => Number.parseInt(text, 10) * (SPANS[text.slice(-1)] ?? 0);
const span = z.string().regex(/^\d{1,6}[smhd]$/, "must be a length of time, such as 30d, 12h or 0s");

export const spanValue = span.transform(spanOf);
export const keptSandboxValue = z
  .string()
  .regex(/^\d{1,6}[smhd]$/, { error: "must be a length of time, such as 12h or 7d", abort: true })
  .transform(spanOf)
  .refine((value) => value >= 1000 && value <= MAX_KEEP_MS, "must be from 1s to 7d");
/** Null: as long as the task. */
export const retentionValue = z
  .literal("forever")
  .or(span)
  .transform((text) => (text === "forever" ? null : spanOf(text)));

export const listValue = z.string().transform(items);

export const absolutePathsValue = listValue.refine(
  (paths) => paths.every((path) => path.startsWith("/")),
  "must be absolute paths with commas between them",
);

export const hostValue = z
  .string()
  .regex(/^[A-Za-z0-9.:_-]{1,253}$/, "must be an address or a host name, without a port, such as 127.0.0.1");

const httpUrl = z
  .url({ protocol: /^https?$/, error: "must be an http(s) address, such as http://127.0.0.1:7717" })
  .refine((value) => !/^https?:\/\/[^/]*@/.test(value), "must not contain a user or password");
export const httpUrlValue = httpUrl.transform((value) => value.replace(/\/+$/, ""));

export const databaseUrlValue = z
  .string()
  .regex(/^postgres(ql)?:\/\/\S+$/, "must look like postgres://user:password@host:5432/database");

/** A key travels in a header, so anything that could end one is refused. */
export const keyValue = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, "must be one word without spaces or control characters");

/** `id:base64` of 32 bytes, the current one first; older ones stay until nothing is sealed with them. */
export const masterKeysValue = z
  .string()
  .regex(
    /^[A-Za-z0-9_-]{1,32}:[A-Za-z0-9+/]{43}=(?:,[A-Za-z0-9_-]{1,32}:[A-Za-z0-9+/]{43}=)*$/,
    "must be id:base64 of 32 random bytes, such as k1:$(openssl rand -base64 32), with commas between several",
  )
  .transform((text) =>
    items(text).map((item) => ({
      id: item.slice(0, item.indexOf(":")),
      key: item.slice(item.indexOf(":") + 1),
    })),
  );

export const moneyValue = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,6})?$/, { error: "must be an amount of US dollars, such as 0.05", abort: true })
  .transform(Number);

export const regionValue = z.string().regex(/^[a-z0-9-]{1,40}$/, "must be a region, such as eu-central-1");

export const unknownModelsValue = z.enum(["dearest", "refuse"], "must be dearest or refuse");

export const pathValue = z.string().regex(/^[^\0]+$/, "must be a path");
export const logLevelValue = z.enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error");
export const logFormatValue = z.enum(["auto", "json", "pretty"], "must be auto, json or pretty");
/** In config.json people also write true and false. */
export const metricsValue = z
  .enum(["on", "true", "1", "public", "off", "false", "0"], "must be on, public or off")
  .transform((value) => {
    if (value === "public") return value;
    return value === "on" || value === "true" || value === "1" ? "on" : "off";
  });
