import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AttemptCaller } from "@agency/core";
import { parseGitRequest } from "../git/git-request.ts";
import type { GitRequest } from "../git/git-request.ts";
import type { GitRoute } from "../git/git-route.ts";
import type { RepositoryAddress } from "../git/repository-address.ts";

/** One visit to one repository in the name of an attempt. */
export interface Admission {
  readonly url: string;
  /** The setting of git that opens the door. */
  readonly setting: readonly [key: string, value: string];
  /** How the host took it: `refused` also when it could not be reached or sent too much. */
  outcome(): "not_asked" | "answered" | "refused";
  close(): void;
}

export interface MirrorDoor {
  admit(
    caller: AttemptCaller,
    repository: RepositoryAddress,
    signal: AbortSignal,
    what?: { readonly mayPush: boolean },
  ): Promise<Admission>;
  close(): Promise<void>;
}

interface Guest {
  readonly caller: AttemptCaller;
  readonly repository: RepositoryAddress;
  readonly signal: AbortSignal;
  readonly mayPush: boolean;
  bytesLeft: number;
  answered: number;
  refused: boolean;
}

/** Some 100,000 refs: each of them becomes a file for a moment. */
const MAX_REFS_BYTES = 8 * 1024 * 1024;

/**
 * The git broker for the server's own git: a listener on loopback that opens to a word only our child knows, and,
 * unless it was admitted to push, only to reading. Rights, credential, vetted addresses and redirects are the broker's, as for the task itself.
 */
export async function openMirrorDoor(route: GitRoute, maxBytes: number): Promise<MirrorDoor> {
  const guests = new Map<string, Guest>();
  const server = createServer((incoming, outgoing) => {
    const guest = guests.get(incoming.headers.authorization ?? "");
    serve(route, guest, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  server.unref();
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    async admit(caller, repository, signal, { mayPush } = { mayPush: false }) {
      const word = `Bearer ${randomBytes(32).toString("base64url")}`;
      const guest = { caller, repository, signal, mayPush, bytesLeft: maxBytes, answered: 0, refused: false };
      guests.set(word, guest);
      const { scheme, host } = repository;
      return {
        url: `http://127.0.0.1:${port}/${scheme}/${host}/${new URL(repository.url).pathname.slice(1)}`,
        setting: ["http.extraHeader", `Authorization: ${word}`],
        outcome: () => (guest.refused ? "refused" : guest.answered === 0 ? "not_asked" : "answered"),
        close: () => void guests.delete(word),
      };
    },
    async close() {
      guests.clear();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  route: GitRoute,
  guest: Guest | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = "GET", url = "/" } = incoming;
  const asked = parseGitRequest(method, url);
  if (asked === null || asked.kind === "lfs-object" || guest === undefined || !isOpen(guest, asked))
    return void outgoing.writeHead(403).end();
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const about = { refs: asked.kind === "refs" };
  const request = new Request(`http://mirror${url}`, {
    method,
    headers: plainHeaders(incoming),
    body: method === "GET" ? null : Readable.toWeb(Readable.from(noticed(incoming, about))),
    duplex: "half",
    signal: AbortSignal.any([gone.signal, guest.signal]),
  });
  const response = await route(request, url, guest.caller);
  if (!response.ok) guest.refused = true;
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) return void outgoing.end();
  // A cut answer must reach git as a cut connection, which pipeline sees to.
  await pipeline(Readable.fromWeb(response.body), counted(guest, about), outgoing).catch((error: unknown) => {
    guest.refused = true;
    throw error;
  });
  if (response.ok) guest.answered += 1;
}

function isOpen(guest: Guest, asked: Exclude<GitRequest, { kind: "lfs-object" }>): boolean {
  if (asked.repository.url !== guest.repository.url) return false;
  if (asked.kind === "fetch") return true;
  if (asked.kind === "refs") return asked.service === "git-upload-pack" || guest.mayPush;
  return asked.kind === "push" && guest.mayPush;
}

/** What is asked for: refs, or objects. */
interface About {
  refs: boolean;
}

/** Since version 2 of the protocol the question for refs is a POST like any other. */
async function* noticed(body: AsyncIterable<Uint8Array>, about: About): AsyncGenerator<Uint8Array> {
  let first = true;
  for await (const chunk of body) {
    if (first) about.refs = Buffer.from(chunk).toString("latin1", 4, 19) === "command=ls-refs";
    first = false;
    yield chunk;
  }
}

function counted(guest: Guest, about: About) {
  let sent = 0;
  return async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      guest.bytesLeft -= chunk.byteLength;
      sent += chunk.byteLength;
      const tooMany = about.refs && sent > MAX_REFS_BYTES;
      if (guest.bytesLeft < 0 || tooMany) throw new Error("the repository is too large for a mirror");
      yield chunk;
    }
  };
}

function plainHeaders(incoming: IncomingMessage): [string, string][] {
  const kept = ["accept", "content-type", "content-encoding", "content-length", "git-protocol"];
  return kept.flatMap((name) => {
    const value = incoming.headers[name];
    return value === undefined ? [] : [[name, String(value)] satisfies [string, string]];
  });
}
