import { AgencyError } from "@agency/contract";
import { z } from "zod";
import type { ApiContext } from "./env.ts";
import { echo } from "./problem.ts";
import { readText } from "./read-text.ts";
import type { RouteSpec } from "./route.ts";

/** A prompt of 1 MiB can be six times longer as JSON escapes. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_ISSUES = 20;
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/** Every part of a request, checked against its schema. Throws what the client is told. */
export async function parseRequest(spec: RouteSpec, c: ApiContext): Promise<Record<string, unknown>> {
  const params = spec.params === undefined ? undefined : parseParams(spec.params, c);
  const query = parseQuery(spec.query ?? nothing, new URL(c.req.url).searchParams);
  const body = spec.body === undefined ? undefined : check(spec.body, await readJson(c), "");
  return { params, query: spec.query === undefined ? undefined : query, body };
}

const nothing = z.strictObject({});

/** An id that cannot be one names nothing, like one that is not there. */
function parseParams(schema: z.ZodObject, c: ApiContext): unknown {
  const params: Record<string, string | undefined> = {};
  for (const name of Object.keys(schema.shape)) params[name] = c.req.param(name);
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const name = String(parsed.error.issues[0]?.path[0] ?? "id");
  const given = echo(params[name] ?? "");
  if (name !== "id") throw invalid([{ path: name, message: parsed.error.issues[0]?.message ?? "is wrong" }]);
  throw new AgencyError("not_found", `"${given}" is not an id.`, {
    next: "Ids look like the ones in the list.",
  });
}

function parseQuery(schema: z.ZodObject, search: URLSearchParams): unknown {
  const entries = [...search];
  const names = new Set(entries.map(([name]) => name));
  if (names.size === entries.length) return check(schema, Object.fromEntries(entries), "?");
  const twice = [...names].find((name) => search.getAll(name).length > 1) ?? "";
  throw invalid([{ path: `?${echo(twice)}`, message: "is given more than once" }]);
}

async function readJson(c: ApiContext): Promise<unknown> {
  const type = c.req.header("content-type");
  if (type === undefined || !JSON_TYPE.test(type)) {
    throw new AgencyError("unsupported_media_type", "The body must be JSON.", {
      next: "Send `content-type: application/json`.",
    });
  }
  const text = await readText(c, MAX_BODY_BYTES);
  try {
    return JSON.parse(text);
  } catch {
    throw new AgencyError("invalid_json", "The body is not valid JSON.", {
      next: "Check its quotes, commas and brackets.",
    });
  }
}

function check(schema: z.ZodType, value: unknown, prefix: string): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.slice(0, MAX_ISSUES).map((issue) => ({
        path: echo(prefix + issue.path.map(String).join(".")),
        message: echo(issue.message),
      })),
    );
  }
  const unstorable = findUnstorable(parsed.data, prefix);
  if (unstorable !== null)
    throw invalid([{ path: unstorable, message: "holds a character that is not text" }]);
  return parsed.data;
}

/** Where a NUL or half a surrogate pair is: PostgreSQL stores neither, and says so with an error of its own. */
function findUnstorable(value: unknown, path: string): string | null {
  if (typeof value === "string") return value.includes("\0") || !value.isWellFormed() ? path : null;
  if (value === null || typeof value !== "object") return null;
  for (const [key, item] of Object.entries(value)) {
    const at = path === "" || path === "?" ? path + key : `${path}.${key}`;
    const found = findUnstorable(key, path) ?? findUnstorable(item, at);
    if (found !== null) return echo(found);
  }
  return null;
}

function invalid(errors: { path: string; message: string }[]): AgencyError {
  const [first] = errors;
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return new AgencyError(
    "invalid_request",
    `${first === undefined ? "It is not valid" : sentence(first)}${rest}.`,
    {
      errors,
    },
  );
}

/** The contract's own messages go on after the name; zod's are sentences by themselves. */
function sentence({ path, message }: { path: string; message: string }): string {
  const name = path === "" || path === "?" ? "The request" : path;
  return /^\p{Lu}/u.test(message) ? `${name}: ${message}` : `${name} ${message}`;
}
