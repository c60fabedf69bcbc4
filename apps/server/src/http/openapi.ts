import { ERROR_CODES, problemSchema } from "@agency/contract";
import type { ErrorCode } from "@agency/contract";
import type { z } from "zod";
import { namedSchemas, schemaFor } from "./openapi-schemas.ts";
import type { Content, OpenApiDocument, Operation, Parameter } from "./openapi-types.ts";
import { PROBLEM_TYPE } from "./problem.ts";
import type { ResponseSpec, RouteSpec } from "./route.ts";

const DESCRIPTION = `Agency runs coding agents in sealed sandboxes and shows every step live.

Errors are problem documents (RFC 9457): \`code\` is stable and meant for programs, \`detail\` says what failed, \`next\` what to do, \`requestId\` finds it in the server log. Lists come in pages with an opaque cursor. Unknown parameters and fields of a request are refused; answers may gain fields, and streams new event types, at any time.`;

const SESSION =
  "Set by signing in with a browser; on plain http its name is `agency-<port>`. A request that changes something " +
  "also carries the token of `GET /v1/me` in `x-agency-csrf`.";

const TAGS = {
  Tasks: "What you ask for, from start to end.",
  Events: "What the agent does, as a numbered log without gaps.",
  Files: "What is kept of a task when its sandbox is gone.",
  Network: "What tasks may reach.",
  Money: "What is spent, and what may be.",
  Secrets: "Credentials, kept outside every sandbox.",
  "Sign-in": "Browsers of people, and the keys of programs.",
  Instance: "What runs here, and what it can do.",
  Health: "For machines that watch this one.",
  Documents: "This API, described.",
};

export function openApiDocument(specs: readonly RouteSpec[], version: string): OpenApiDocument {
  const paths: OpenApiDocument["paths"] = {};
  for (const spec of specs) paths[spec.path] = { ...paths[spec.path], [spec.method]: operation(spec) };
  const description = "A key of this instance; the first one is in the file `api-key` of its data folder.";
  return {
    openapi: "3.1.0",
    info: {
      title: "Agency",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: Object.entries(TAGS).map(([name, text]) => ({ name, description: text })),
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description },
        session: { type: "apiKey", in: "cookie", name: "__Host-agency", description: SESSION },
      },
      schemas: namedSchemas(),
    },
  };
}

function operation(spec: RouteSpec): Operation {
  const parameters = parametersOf(spec);
  const content = bodyOf(spec);
  return {
    operationId: spec.operationId,
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    security: spec.policy === "key" ? [{ key: [] }, { session: [] }] : [],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(content === undefined ? {} : { requestBody: { required: true, content } }),
    responses: { ...successes(spec), ...failures(spec) },
  };
}

function bodyOf({ body, bodyContent }: RouteSpec): Content | undefined {
  if (body !== undefined) return { "application/json": { schema: schemaFor(body, "input") } };
  return bodyContent && binary(bodyContent);
}

function binary(content: Readonly<Record<string, string>>): Content {
  return Object.fromEntries(
    Object.entries(content).map(([type, description]) => [type, { schema: { type: "string", description } }]),
  );
}

function parametersOf(spec: RouteSpec): Parameter[] {
  const headers = Object.entries(spec.headers ?? {}).map(([name, { description, schema }]) => ({
    ...parameter("header", name, schema),
    required: false,
    description,
  }));
  return [...fieldsOf("path", spec.params), ...fieldsOf("query", spec.query), ...headers];
}

function fieldsOf(where: "path" | "query", schema: z.ZodObject | undefined): Parameter[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) =>
    parameter(where, name, field as z.ZodType),
  );
}

function parameter(where: Parameter["in"], name: string, field: z.ZodType): Parameter {
  const { description, ...schema } = schemaFor(field, "input");
  const required = where === "path" || !field.safeParse(undefined).success;
  return { name, in: where, required, ...(description === undefined ? {} : { description }), schema };
}

function successes(spec: RouteSpec): Operation["responses"] {
  return Object.fromEntries(
    Object.entries(spec.responses).map(([status, response]) => [status, success(response)]),
  );
}

function success({ description, schema, content = {} }: ResponseSpec): Operation["responses"][string] {
  const json: Content =
    schema === undefined ? {} : { "application/json": { schema: schemaFor(schema, "output") } };
  const bodies = { ...json, ...binary(content) };
  return Object.keys(bodies).length === 0 ? { description } : { description, content: bodies };
}

/** Codes that share a status share a response. */
function failures(spec: RouteSpec): Operation["responses"] {
  const codes = new Set([...problemsOf(spec), ...(spec.problems ?? [])]);
  const byStatus = Map.groupBy(codes, (code) => ERROR_CODES[code]);
  const content: Content = { [PROBLEM_TYPE]: { schema: schemaFor(problemSchema, "output") } };
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([a], [b]) => a - b)
      .map(([status, shared]) => [
        status,
        { description: shared.map((code) => `\`${code}\``).join(" · "), content },
      ]),
  );
}

function problemsOf(spec: RouteSpec): ErrorCode[] {
  const codes: ErrorCode[] = ["invalid_request", "forbidden", "wrong_host", "internal", "unavailable"];
  if (spec.policy === "key") codes.push("unauthenticated");
  if (spec.body !== undefined) codes.push("invalid_json", "payload_too_large", "unsupported_media_type");
  return codes;
}
