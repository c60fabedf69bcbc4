import { AgencyError, CSRF_HEADER } from "@agency/contract";
import { toFailure, unreachable } from "./failure.ts";
import { followContent, nextPlace } from "./redirect.ts";

export interface Connection {
  baseUrl: string;
  apiKey: string | null;
  /** What a request with a cookie must carry to change something. */
  csrf: () => string | null;
  fetch: typeof fetch;
  /** Longest wait for an answer; a stream has its own clock. */
  timeoutMs: number;
}

export interface ApiRequest {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  body?: unknown;
  /** Bytes instead of a JSON body. */
  content?: Blob;
  /** Instead of the connection's own. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** content: the bytes may lie with a store of their own, which the answer points to. */
  redirects?: "refuse" | "content";
}

/** Any zod schema, without depending on zod. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
}

/** Sends a request and reads its JSON answer. Throws AgencyError, or the signal's reason when aborted. */
export async function call<T>(connection: Connection, request: ApiRequest, schema: Schema<T>): Promise<T> {
  const response = await send(connection, request);
  return parseAnswer(connection, await readBody(connection, request, response), schema);
}

function parseAnswer<T>({ baseUrl }: Connection, value: unknown, schema: Schema<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AgencyError(
    "upstream_failed",
    `${baseUrl} answered with something this version does not understand.`,
    {
      next: "Check with `agency doctor` that server and client have the same version.",
      cause: parsed.error,
    },
  );
}

/** Sends a request and returns its answer, body unread, once the server has agreed to it. */
export async function send(connection: Connection, request: ApiRequest): Promise<Response> {
  const timeout = AbortSignal.timeout(request.timeoutMs ?? connection.timeoutMs);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
  return open(connection, request, signal);
}

/** As `send`, for an answer that may take as long as it likes. */
export async function open(
  connection: Connection,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<Response> {
  let response: Response;
  try {
    response = await connection.fetch(addressOf(connection, request), {
      method: request.method ?? "GET",
      headers: headersOf(connection, request),
      signal,
      // A redirect would carry the key to a place nobody named.
      redirect: "manual",
      ...bodyOf(request),
    });
  } catch (error) {
    request.signal?.throwIfAborted();
    throw unreachable(connection.baseUrl, error);
  }
  if (response.ok) return response;
  const location = request.redirects === "content" ? nextPlace(response) : null;
  if (location === null) throw await toFailure(response, connection.baseUrl);
  await response.body?.cancel();
  return followContent(connection, request, location, signal);
}

function bodyOf({ body, content }: ApiRequest): { body?: string | Blob } {
  if (content !== undefined) return { body: content };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

async function readBody(connection: Connection, request: ApiRequest, response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof SyntaxError) return null;
    throw unreachable(connection.baseUrl, error);
  }
}

function addressOf({ baseUrl }: Connection, { path, query = {} }: ApiRequest): string {
  const url = new URL(baseUrl + path);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

function headersOf({ apiKey, csrf }: Connection, request: ApiRequest): Record<string, string> {
  const { headers, body, method = "GET" } = request;
  const token = method === "GET" ? null : csrf();
  return {
    accept: "application/json",
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
    ...(token === null ? {} : { [CSRF_HEADER]: token }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...headers,
  };
}
