import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Bucket } from "./bucket.ts";
import { createFaults } from "./faults.ts";
import type { Fault, Faults } from "./faults.ts";
import { OPERATIONS, operationOf } from "./operations.ts";
import type { Answer, Call, Operation } from "./operations.ts";
import { verifiedPayload } from "./payload.ts";
import { S3Error } from "./s3-error.ts";
import { decode, verifySignature } from "./sigv4.ts";
import type { Account } from "./sigv4.ts";
import { document, element } from "./xml.ts";

export interface S3ServerOptions extends Partial<Account> {
  buckets?: string[];
  now?: () => number;
}

export interface S3Server {
  /** To be reached in path style; `<bucket>.localhost:<port>` is understood as well. */
  readonly endpoint: string;
  readonly account: Account;
  readonly faults: Faults;
  /** Every request whose signature was good, in order. */
  readonly seen: { operation: Operation; key: string; bytes: number }[];
  bucket(name: string): Bucket;
  close(): Promise<void>;
}

interface State {
  account: Account;
  buckets: Map<string, Bucket>;
  faults: Faults;
  seen: S3Server["seen"];
  now: () => number;
}

/** An S3 server in memory that verifies every signature. It is for tests: what it refuses, AWS refuses. */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const state = stateOf(options);
  const server = createServer(
    { requestTimeout: 0 },
    (request, response) => void serve(state, request, response),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    account: state.account,
    faults: state.faults,
    seen: state.seen,
    bucket: (name) => bucketOf(state, name),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function stateOf({ buckets = ["agency"], now = Date.now, ...account }: S3ServerOptions): State {
  return {
    account: {
      accessKeyId: "AKIDEXAMPLE0000000000",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      region: "us-east-1",
      ...account,
    },
    buckets: new Map(buckets.map((name) => [name, { objects: new Map(), uploads: new Map() }])),
    faults: createFaults(),
    seen: [],
    now,
  };
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.on("error", () => {});
  response.on("error", () => {});
  response.setHeader("date", new Date(state.now()).toUTCString());
  try {
    const answer = await answerTo(state, request, response);
    if (answer !== null) send(request, response, answer);
  } catch (error) {
    if (error instanceof S3Error) send(request, response, refusal(error));
    else response.destroy();
  }
}

async function answerTo(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | null> {
  const { method = "", headers, url = "/" } = request;
  const [path, search] = splitOnce(url, "?");
  const query = [...new URLSearchParams(search.replaceAll("+", "%2B"))];
  const { bucketName, key } = addressOf(path, headers.host ?? "");
  const operation = operationOf(method, key, new Map(query), headers);
  const fault = state.faults.take(operation);
  if (fault?.kind === "slow") {
    fault.reached?.();
    await fault.until;
  }
  const raw = await bodyOf(request, fault);
  if (raw === null) return abandon(request);
  const signature = verifySignature({ method, path, query, headers }, state.account, state.now());
  const body = verifiedPayload(raw, headers, signature);
  state.seen.push({ operation, key, bytes: body.length });
  if (fault?.kind === "status") throw new S3Error(fault.status, fault.code, "As the test wishes.");
  const bucket = bucketOf(state, bucketName);
  const call: Call = { bucket, bucketName, key, query: new Map(query), headers, body, now: state.now() };
  const answer = OPERATIONS[operation](call);
  if (fault?.kind === "lose-answer") return abandon(request);
  if (fault?.kind === "cut-answer") return cut(response, answer, fault.afterBytes);
  return answer;
}

function abandon(request: IncomingMessage): null {
  request.socket.destroy();
  return null;
}

function cut(response: ServerResponse, answer: Answer, afterBytes: number): null {
  response.writeHead(answer.status, answer.headers);
  const part = Buffer.concat(answer.body ?? []).subarray(0, afterBytes);
  response.write(part, () => response.destroy());
  return null;
}

/** Null when the connection is to be cut before all of it has come. */
async function bodyOf(request: IncomingMessage, fault: Fault | null): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (fault?.kind === "cut-request" && bytes >= fault.afterBytes) return null;
  }
  return fault?.kind === "cut-request" ? null : Buffer.concat(chunks);
}

function addressOf(path: string, host: string): { bucketName: string; key: string } {
  const virtual = /^(.+)\.localhost(:\d+)?$/.exec(host)?.[1];
  const [first, rest] = splitOnce(decode(path.slice(1)), "/");
  if (virtual !== undefined) return { bucketName: virtual, key: decode(path.slice(1)) };
  return { bucketName: first, key: rest };
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + by.length)];
}

function bucketOf({ buckets }: State, name: string): Bucket {
  const bucket = buckets.get(name);
  if (bucket !== undefined) return bucket;
  throw new S3Error(404, "NoSuchBucket", "The specified bucket does not exist");
}

function refusal({ status, code, message }: S3Error): Answer {
  const text = document(
    "Error",
    element("Code", code),
    element("Message", message),
    element("RequestId", randomUUID()),
  );
  return { status, headers: { "content-type": "application/xml" }, body: [Buffer.from(text)] };
}

function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  { status, headers, body = [] }: Answer,
): void {
  if (response.destroyed) return;
  const length = { "content-length": body.reduce((sum, chunk) => sum + chunk.length, 0) };
  const bare = status === 204 || method === "HEAD";
  response.writeHead(status, {
    ...(status === 204 ? {} : length),
    "x-amz-request-id": randomUUID(),
    ...headers,
  });
  if (!bare) for (const chunk of body) response.write(chunk);
  response.end();
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the S3 server has no port");
  return address.port;
}
