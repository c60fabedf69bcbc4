import { spawn, spawnSync } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createGunzip } from "node:zlib";

export const GIT_ENV = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Tester",
  GIT_AUTHOR_EMAIL: "t@example.invalid",
  GIT_COMMITTER_NAME: "Tester",
  GIT_COMMITTER_EMAIL: "t@example.invalid",
};

export function git(cwd: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd, env: GIT_ENV, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`git ${args.join(" ")} failed (is git installed? apt-get install git): ${stderr}`);
  return stdout.trim();
}

/** Git's own HTTP server behind /git/<scheme>/<host>/<path>, as the control plane's broker would be. */
export function serveGit(root: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const url = new URL(incoming.url ?? "/", "http://fake");
  const path = url.pathname.split("/").slice(4);
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...GIT_ENV,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: `/${path.join("/")}`,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: incoming.method ?? "GET",
      CONTENT_TYPE: incoming.headers["content-type"] ?? "",
      GIT_PROTOCOL: String(incoming.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const body = incoming.headers["content-encoding"] === "gzip" ? incoming.pipe(createGunzip()) : incoming;
  body.pipe(backend.stdin).on("error", () => undefined);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => answer(Buffer.concat(chunks), outgoing));
}

/** A CGI answer: header lines, an empty line, the body. */
function answer(output: Buffer, outgoing: ServerResponse): void {
  const split = output.indexOf("\r\n\r\n");
  const lines = output.subarray(0, split).toString().split("\r\n");
  const headers = new Map(
    lines.map((line) => [line.split(": ")[0] ?? "", line.split(": ").slice(1).join(": ")]),
  );
  const status = Number.parseInt(headers.get("Status") ?? "200", 10);
  headers.delete("Status");
  outgoing.writeHead(status, Object.fromEntries(headers)).end(output.subarray(split + 4));
}
