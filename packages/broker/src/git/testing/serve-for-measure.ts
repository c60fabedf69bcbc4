import type { AttemptCaller } from "@agency/core";
import { createGitRoute } from "../git-route.ts";
import { serveGitRoute } from "./git-route-server.ts";

/** A process with nothing in it but the route, so that its memory is the route's: the parent asks, it tells. */
const [host = ""] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const caller: AttemptCaller = { taskId: "task-1", accountId: "account-1", epoch: 3 };
const route = createGitRoute({
  rightsOf: async () => ({
    repository: { url: `http://${host}/large.git` },
    repositories: [],
    allowInternalHosts: [host],
  }),
  credentials: { forGit: async () => `Basic ${Buffer.from("agency:host-secret").toString("base64")}` },
  fence: { watch: () => ({ signal: new AbortController().signal, release() {} }) },
  report: () => {},
  logger: quiet,
  now: Date.now,
});
const served = await serveGitRoute(route, () => caller);
let peak = process.memoryUsage.rss();
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5).unref();
process.on("message", () => {
  process.send?.({ rss: process.memoryUsage.rss(), peak });
  peak = process.memoryUsage.rss();
});
process.on("disconnect", () => process.exit());
process.send?.({ url: served.url });
