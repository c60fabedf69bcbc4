import { request as requestHttp } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { vetHost } from "../address/public-address.ts";

const PATIENCE_MS = 20_000;
/** A hundred files with their patches are a few megabytes; GitHub cuts patches long before this. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const MAX_REDIRECTS = 3;

export interface ApiCall {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly allowInternal: boolean;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Undefined when the answer is not JSON. */
  readonly json: unknown;
}

/** One request and its whole answer. Throws when there is none; follows redirects within the same origin only. */
export async function callApi(call: ApiCall): Promise<ApiAnswer> {
  let { url } = call;
  for (let hops = 0; ; hops += 1) {
    const answer = await send({ ...call, url });
    const next = hops < MAX_REDIRECTS ? redirectOf(answer, call.method, url) : null;
    if (next === null) return answer;
    url = next;
  }
}

/** A renamed repository. The credential must not follow to another origin, nor a POST become a GET. */
function redirectOf({ status, headers }: ApiAnswer, method: ApiCall["method"], from: URL): URL | null {
  const statuses = method === "GET" ? [301, 302, 307, 308] : [307, 308];
  if (!statuses.includes(status) || headers.location === undefined) return null;
  const target = URL.parse(headers.location, from);
  return target?.origin === from.origin ? target : null;
}

/** Dials the very address that was judged, so a name that answers differently the second time gains nothing. */
async function send({ method, url, headers, body, allowInternal }: ApiCall): Promise<ApiAnswer> {
  const vetted = await vetHost(url.hostname, allowInternal);
  if (!vetted.ok) throw new Error(vetted.why);
  const text = body === undefined ? null : Buffer.from(JSON.stringify(body));
  const secure = url.protocol === "https:";
  const isName = isIP(url.hostname.replace(/^\[(.*)\]$/, "$1")) === 0;
  const options: RequestOptions & { servername?: string } = {
    host: vetted.address,
    port: url.port || (secure ? 443 : 80),
    method,
    path: url.pathname + url.search,
    headers: {
      "user-agent": "agency",
      ...headers,
      host: url.host,
      ...(text === null ? {} : { "content-type": "application/json", "content-length": text.length }),
    },
    signal: AbortSignal.timeout(PATIENCE_MS),
    agent: false,
    ...(secure && isName ? { servername: url.hostname } : {}),
  };
  const outgoing = secure ? requestHttps(options) : requestHttp(options);
  const answered = Promise.withResolvers<IncomingMessage>();
  outgoing.once("response", answered.resolve);
  outgoing.on("error", answered.reject);
  outgoing.end(text ?? undefined);
  return read(await answered.promise);
}

async function read(response: IncomingMessage): Promise<ApiAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response) {
    if (!Buffer.isBuffer(piece)) continue;
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error("its answer is larger than 32 MiB");
    pieces.push(piece);
  }
  const text = Buffer.concat(pieces).toString("utf8");
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
