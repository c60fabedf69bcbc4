import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ArchivedFile, Artifact, Checkpoint } from "@agency/contract";
import { NOW } from "./builders.ts";

interface Asked {
  part: string | undefined;
  method: string;
  url: URL;
  request: IncomingMessage;
}

type Answer = (response: ServerResponse) => void;

/** What a server keeps of tasks: artifacts, the files of an archive, checkpoints. */
export class FakeWork {
  readonly artifacts: { taskId: string; artifact: Artifact; bytes: Buffer }[] = [];
  readonly files: ArchivedFile[] = [];
  /** What became of them, and what is gone, as checkpoints tell. */
  readonly changes = new Map<string, "added" | "modified">();
  readonly deleted: string[] = [];
  /** By path. */
  readonly contents = new Map<string, Buffer>();
  readonly checkpoints: Checkpoint[] = [];
  readonly #checkpointBytes = new Map<number, Buffer>();
  /** The next downloads break after so many bytes. */
  readonly breaks: number[] = [];
  /** Downloads are answered with this address instead of bytes. */
  redirect: string | null = null;
  pageSize = 100;

  add(
    taskId: string,
    given: Partial<Artifact> & Pick<Artifact, "kind" | "name">,
    bytes: Buffer | string,
  ): Artifact {
    const content = Buffer.from(bytes);
    const number = (this.artifacts.length + 1).toString(16).padStart(12, "0");
    const artifact: Artifact = {
      id: `0198c3f2-7a1b-7000-8000-${number}`,
      bytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
      mediaType: "application/octet-stream",
      createdAt: new Date(NOW - 60_000 + this.artifacts.length).toISOString(),
      ...given,
    };
    this.artifacts.push({ taskId, artifact, bytes: content });
    return artifact;
  }

  /** The next checkpoint; the newest comes first. */
  addCheckpoint(about: Partial<Checkpoint>, bytes: Buffer | string = ""): void {
    const content = Buffer.from(bytes);
    const number = about.number ?? this.checkpoints.length + 1;
    this.#checkpointBytes.set(number, content);
    this.checkpoints.unshift({
      number,
      at: new Date(NOW - 60_000).toISOString(),
      label: null,
      turn: number,
      commit: "4f2a9c01d3e5b7a9",
      sessionId: null,
      engine: "claude",
      engineVersion: null,
      bytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
      ...about,
    });
  }

  /** Null when it is not about kept work. */
  answer(taskId: string, { part, method, url, request }: Asked): Answer | null {
    const [, , , , , id, leaf] = url.pathname.split("/");
    if (part === "checkpoints" && method === "POST")
      return (response) => void response.writeHead(202).end("{}");
    if (part === "checkpoints" && leaf === "content")
      return this.#content(this.#checkpointBytes.get(Number(id)) ?? Buffer.alloc(0), request);
    if (part === "checkpoints" && leaf === "files") return this.#atCheckpoint(Number(id), url);
    if (part === "checkpoints") return json({ checkpoints: this.checkpoints });
    if (part === "files" && id === "content") return this.#file(url.searchParams.get("path"));
    if (part === "files") return this.#list(url);
    if (part !== "artifacts") return null;
    const own = this.artifacts.filter((kept) => kept.taskId === taskId);
    if (id === undefined) return json({ artifacts: own.map(({ artifact }) => artifact) });
    const found = own.find(({ artifact }) => artifact.id === id);
    if (found === undefined) return (response) => void response.writeHead(404).end();
    return leaf === "content" ? this.#content(found.bytes, request) : json(found.artifact);
  }

  #content(bytes: Buffer, request: IncomingMessage): Answer {
    const { redirect } = this;
    if (redirect !== null) return (response) => void response.writeHead(302, { location: redirect }).end();
    return (response) => sendBytes(bytes, request, response, this.breaks.shift());
  }

  #list(url: URL): Answer {
    const { prefix = "", after = "" } = Object.fromEntries(url.searchParams);
    const fitting = this.files.filter(({ path }) => path.startsWith(prefix) && path > after);
    const page = fitting.slice(0, this.pageSize);
    const nextAfter = fitting.length > page.length ? (page.at(-1)?.path ?? null) : null;
    return json({ files: page, truncated: false, nextAfter });
  }

  /** At every checkpoint there are the same files, at the first one without the links. */
  #atCheckpoint(number: number, url: URL): Answer {
    if (url.pathname.endsWith("/content")) return this.#file(url.searchParams.get("path"));
    const { prefix = "", after = "" } = Object.fromEntries(url.searchParams);
    const entries = [
      ...this.files.flatMap(({ kind, ...file }) =>
        kind === "folder" || (kind === "link" && number === 1) ? [] : [{ ...file, kind }],
      ),
      ...this.deleted.map((path) => ({ path, kind: null })),
    ].sort((a, b) => (a.path < b.path ? -1 : 1));
    const fitting = entries.filter(({ path }) => path.startsWith(prefix) && path > after);
    const page = fitting.slice(0, this.pageSize);
    return json({
      files: page.flatMap((file) =>
        file.kind === null ? [] : [{ change: this.changes.get(file.path), ...file }],
      ),
      deleted: page.flatMap(({ path, kind }) => (kind === null ? [path] : [])),
      base: "b".repeat(40),
      truncated: false,
      nextAfter: fitting.length > page.length ? (page.at(-1)?.path ?? null) : null,
    });
  }

  #file(path: string | null): Answer {
    const content = this.contents.get(path ?? "");
    return (response) => void response.writeHead(content === undefined ? 404 : 200).end(content);
  }
}

const json =
  (body: unknown): Answer =>
  (response) =>
    void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));

/** With ranges; breaks the connection after `breakAt` bytes of the answer when told to. */
export function sendBytes(
  bytes: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  breakAt?: number,
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const rest = bytes.subarray(from);
  const range = from === 0 ? {} : { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(from === 0 ? 200 : 206, { "content-length": rest.length, ...range });
  if (breakAt === undefined) response.end(rest);
  else response.write(rest.subarray(0, breakAt), () => response.destroy());
}
