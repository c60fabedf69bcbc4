// A broker in a process of its own, for its memory to be looked at: prints its address, then its resident
// megabytes for every line it is sent. Run with the vendor's base URL.
import { createInterface } from "node:readline";
import type { ModelGate } from "@agency/core";
import { createCaptureLogger } from "./capture-logger.ts";
import { createModelRoutes } from "../model/routes.ts";
import { serveRoute } from "./serve-route.ts";

const baseUrl = process.argv[2] ?? "";
const caller = {
  taskId: "task",
  accountId: "account",
  epoch: 1,
  demo: false,
  onUsageLimit: "next",
  strictEgress: true,
} as const;
let calls = 0;
const gate: ModelGate = {
  authorize: async () => caller,
  admit: async () => ({ ok: true, reservation: String((calls += 1)) }),
  record: async () => {},
  settle: async () => {},
  usedUp: async () => {},
  changedCredential: async () => {},
};
const { anthropic } = createModelRoutes({
  gate,
  credentials: { forModel: async () => [{ name: "KEY", kind: "api_key", value: "sk-ant-real-key" }] },
  fence: { watch: () => ({ signal: new AbortController().signal, release: () => {} }) },
  baseUrls: { anthropic: baseUrl, openai: baseUrl },
  demo: () => Promise.reject(new Error("no demo")),
  logger: createCaptureLogger(),
});
const served = await serveRoute(anthropic);
process.stdout.write(`${served.url}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  globalThis.gc?.();
  process.stdout.write(`${process.memoryUsage.rss() / 1024 / 1024}\n`);
}
await served[Symbol.asyncDispose]();
