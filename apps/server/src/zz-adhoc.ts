import { createServer, request as hr } from "node:http";
import { once } from "node:events";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createHarness, BODY } from "../../../packages/broker/src/testing/route-harness.ts";
import { createMemoryModelGate } from "@agency/testing";
import { startUpstream } from "../../../packages/broker/src/testing/loopback-upstream.ts";
import { messageStart, textDelta, sse } from "../../../packages/broker/src/testing/messages.ts";
let mode = "stream";
const closed: string[] = [];
let onClose = () => {};
let onAsk = () => {};
const up = await startUpstream((r) => {
  r.once("close", () => {
    closed.push(mode);
    onClose();
  });
  onAsk();
  if (mode === "stream") {
    r.writeHead(200, { "content-type": "text/event-stream" });
    r.write(sse(messageStart()));
    setTimeout(() => r.write(sse(textDelta("x"))), 100);
  }
});
const gate = createMemoryModelGate();
const h = createHarness(gate, up.url);
const app = new Hono();
app.all("/model/:v/*", (c) => {
  const u = new URL(c.req.url);
  return h.route(c.req.raw, u.pathname.slice("/model/anthropic".length) + u.search);
});
const s = createServer((i, o) => void getRequestListener(app.fetch, { hostname: "uplink" })(i, o));
s.listen(0);
await once(s, "listening");
const port = (s.address() as any).port;
for (const m of ["stream", "silent"]) {
  mode = m;
  const closedP = new Promise<void>((r) => (onClose = r));
  const asked = new Promise<void>((r) => (onAsk = r));
  const t = performance.now();
  const q = hr({
    port,
    method: "POST",
    path: "/model/anthropic/v1/messages?beta=true",
    headers: { "x-api-key": h.placeholder },
  });
  q.on("error", () => {});
  q.end(JSON.stringify(BODY));
  if (m === "stream") {
    const [r] = await once(q, "response");
    r.on("error", () => {});
    const [d] = await once(r, "data");
    console.log("first", (performance.now() - t).toFixed(1), String(d).slice(0, 30));
    await once(r, "data");
    console.log("second", (performance.now() - t).toFixed(1));
    r.destroy();
  } else {
    await asked;
    q.destroy();
  }
  const a = performance.now();
  await Promise.race([closedP, new Promise((r) => setTimeout(r, 3000))]);
  console.log(m, "closed after", (performance.now() - a).toFixed(1), closed);
  await new Promise((r) => setTimeout(r, 50));
  console.log(gate.calls.map((c) => [c.key, c.status, c.partial]));
}
const hd = hr({ port, method: "HEAD", path: "/model/anthropic" });
hd.end();
const [hres] = await once(hd, "response");
console.log("HEAD", hres.statusCode);
process.exit(0);
