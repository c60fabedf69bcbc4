import { AgencyError } from "@agency/contract";
import type { Artifact } from "@agency/contract";
import { open } from "./connection.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { unreachable } from "./failure.ts";
import { piecesOf } from "./pieces-of.ts";

/** What `crypto.createHash("sha256")` is in Node. A browser has no hash that is fed piece by piece. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  digest(encoding: "hex"): string;
}

export interface ContentOptions {
  signal?: AbortSignal;
  /** Bytes of the artifact that are here already, and a hash that has been fed with them. */
  resume?: { from: number; hash: Sha256 };
}

export interface Content {
  /** Where the bytes begin: at zero when the server would not go on in the middle. */
  from: number;
  body: AsyncIterable<Uint8Array>;
}

/** The bytes of an artifact. Reading to the end throws when they are not the ones it was stored with. */
export async function artifactContent(
  connection: Connection,
  path: string,
  artifact: Pick<Artifact, "bytes" | "sha256" | "name">,
  newHash: () => Sha256,
  { resume, signal }: ContentOptions,
): Promise<Content> {
  const headers = resume === undefined || resume.from === 0 ? {} : { range: `bytes=${resume.from}-` };
  const { response, silence } = await openContent(connection, { path, headers, signal });
  const from = response.status === 206 ? startOf(response) : 0;
  if (from !== 0 && from !== resume?.from) {
    await response.body?.cancel();
    throw new AgencyError("upstream_failed", `The server answered with another part of ${artifact.name}.`);
  }
  const hash = from === 0 || resume === undefined ? newHash() : resume.hash;
  return { from, body: verify(readBody(connection, response, silence, signal), artifact, hash, from) };
}

/** Bytes of which only the server knows what they should be. */
export async function plainContent(
  connection: Connection,
  request: ApiRequest,
): Promise<AsyncIterable<Uint8Array>> {
  const { response, silence } = await openContent(connection, request);
  return readBody(connection, response, silence, request.signal);
}

interface Silence {
  heard(): void;
  end(): void;
}

async function openContent(connection: Connection, request: ApiRequest) {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence: Silence = {
    heard: () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => controller.abort(new DOMException("silent", "TimeoutError")),
        connection.timeoutMs,
      );
    },
    end: () => clearTimeout(timer),
  };
  const { signal } = request;
  silence.heard();
  try {
    // Compressed on the way, a range would count other bytes.
    const headers = { accept: "*/*", "accept-encoding": "identity", ...request.headers };
    const both = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
    const response = await open(connection, { ...request, headers, redirects: "content" }, both);
    return { response, silence };
  } catch (error) {
    silence.end();
    throw error;
  }
}

async function* readBody(
  { baseUrl }: Connection,
  response: Response,
  silence: Silence,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of response.body === null ? [] : piecesOf(response.body)) {
      silence.heard();
      yield bytes;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(baseUrl, error);
  } finally {
    silence.end();
  }
}

async function* verify(
  body: AsyncIterable<Uint8Array>,
  artifact: Pick<Artifact, "bytes" | "sha256" | "name">,
  hash: Sha256,
  from: number,
): AsyncGenerator<Uint8Array> {
  let seen = from;
  for await (const bytes of body) {
    seen += bytes.length;
    if (seen > artifact.bytes) throw damaged(artifact.name, "it is longer than it was stored");
    hash.update(bytes);
    yield bytes;
  }
  if (seen < artifact.bytes) {
    const message = `The connection ended after ${seen} of the ${artifact.bytes} bytes of ${artifact.name}.`;
    throw new AgencyError("unavailable", message, { next: "Run the command again: it goes on from there." });
  }
  if (hash.digest("hex") !== artifact.sha256) throw damaged(artifact.name, "its SHA-256 is another one");
}

function damaged(name: string, why: string): AgencyError {
  return new AgencyError("upstream_failed", `${name} arrived damaged: ${why}.`, {
    next: "Run the command again. If it stays so, the stored file is damaged: look into the server's log.",
  });
}

function startOf(response: Response): number {
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  return start === undefined ? Number.NaN : Number(start);
}
