import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { lfsAnswers } from "./lfs-answers.ts";

/** A real git host on loopback: git's own CGI, with Basic authentication, LFS and a renamed repository. */
export interface GitHost extends AsyncDisposable {
  readonly origin: string;
  readonly host: string;
  /** `METHOD path` of every request, with the user it came as. */
  readonly seen: { readonly line: string; readonly user: string | null }[];
  /** LFS objects by their oid. */
  readonly objects: Map<string, Buffer>;
}

/** Everything below `/private/` and every push wants this one. */
export const GIT_HOST_CREDENTIAL = `Basic ${Buffer.from("agency:host-secret").toString("base64")}`;

export async function startGitHost(folder: string): Promise<GitHost> {
  const seen: GitHost["seen"] = [];
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const { authorization = null } = request.headers;
    const user =
      authorization === null ? null : Buffer.from(authorization.slice(6), "base64").toString().split(":")[0];
    seen.push({ line: `${request.method} ${request.url}`, user: user ?? null });
    const url = new URL(request.url ?? "/", origin);
    if (url.pathname.startsWith("/old/")) {
      const location = origin + (request.url ?? "").replace(/^\/old/, "");
      return void response.writeHead(301, { location }).end();
    }
    if (url.pathname.startsWith("/away/")) {
      const location = origin.replace("127.0.0.1", "localhost") + (request.url ?? "").replace(/^\/away/, "");
      return void response.writeHead(302, { location }).end();
    }
    if (url.pathname.startsWith("/login/")) {
      return void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Log in</h1>");
    }
    const pushes = `${url.pathname}${url.search}`.includes("git-receive-pack");
    const open = !url.pathname.startsWith("/private/") && !pushes;
    if (!open && authorization !== GIT_HOST_CREDENTIAL) {
      return void response.writeHead(401, { "www-authenticate": "Basic" }).end();
    }
    if (lfsAnswers({ origin, objects, authorization: GIT_HOST_CREDENTIAL }, request, response)) return;
    runBackend(folder, url, request, response);
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const origin = `http://${host}`;
  return {
    origin,
    host,
    seen,
    objects,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function runBackend(folder: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      GIT_CONFIG_NOSYSTEM: "1",
      HOME: "/nonexistent",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      REMOTE_USER: "agency",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      ...(request.headers["content-length"] === undefined
        ? {}
        : { CONTENT_LENGTH: request.headers["content-length"] }),
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  // A client that goes away mid-pack must not leave the pack half-read as if it were whole.
  request.on("aborted", () => child.kill());
  response.on("close", () => child.kill());
  let head = Buffer.alloc(0);
  const onHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    child.stdout.off("data", onHead);
    const headers = head
      .toString("latin1", 0, end)
      .split("\r\n")
      .map((line) => line.split(": "))
      .map(([name = "", value = ""]) => [name, value] as const);
    const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
    response.writeHead(Number(status.slice(0, 3)), Object.fromEntries(headers));
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  };
  child.stdout.on("data", onHead);
  child.stdout.on("end", () => response.end());
}
