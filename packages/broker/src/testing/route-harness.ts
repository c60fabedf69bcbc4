import type { Fence, ModelCredential, ModelGate } from "@agency/core";
import { createModelRoutes } from "../model/routes.ts";
import type { ModelRoute, ModelRoutesOptions } from "../model/routes.ts";
import type { ModelVendor } from "../model/vendor.ts";
import { createCaptureLogger } from "./capture-logger.ts";
import type { CaptureLogger } from "./capture-logger.ts";

/** No vendor may be asked. */
export const NOWHERE = "http://127.0.0.1:9";
export const REAL_KEY = "sk-ant-api03-the-real-key-of-this-instance";
export const BODY = {
  model: "claude-sonnet-4-5",
  max_tokens: 1000,
  stream: true,
  messages: [{ role: "user", content: "Hi" }],
};

type IssuingGate = ModelGate & { issue(caller?: object, vendor?: string): string };

interface RouteHarness<G extends IssuingGate> {
  gate: G;
  logger: CaptureLogger;
  placeholder: string;
  route: ModelRoute;
  fence: TestFence;
  /** Posts a message with the placeholder. */
  send: (body?: unknown, init?: SendInit) => Promise<Response>;
}

interface SendInit {
  headers?: Record<string, string>;
  signal?: AbortSignal;
  query?: string;
  path?: string;
}

export interface HarnessOptions extends Partial<ModelRoutesOptions> {
  vendor?: ModelVendor;
  /** Values of the credentials, in order; they are named `KEY_1`, `KEY_2` and so on. */
  keys?: readonly string[];
  caller?: object;
}

export function createHarness<G extends IssuingGate>(
  gate: G,
  baseUrl: string,
  { vendor = "anthropic", keys = [REAL_KEY], caller = {}, ...options }: HarnessOptions = {},
): RouteHarness<G> {
  const placeholder = gate.issue(caller, vendor);
  const logger = createCaptureLogger();
  const fence = createTestFence();
  const route = createModelRoutes({
    gate,
    credentials: { forModel: async () => keys.map(credential) },
    fence,
    baseUrls: { anthropic: baseUrl, openai: baseUrl },
    demo: () => Promise.reject(new Error("no demo")),
    logger,
    ...options,
  })[vendor];
  const key: Record<string, string> =
    vendor === "anthropic" ? { "x-api-key": placeholder } : { authorization: `Bearer ${placeholder}` };
  return {
    gate,
    logger,
    placeholder,
    route,
    fence,
    send: (body = BODY, { headers = key, signal, query = "", path = "/v1/messages" } = {}) =>
      route(
        new Request(`http://127.0.0.1/model/${vendor}${path}${query}`, {
          method: "POST",
          headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", ...headers },
          body: typeof body === "string" ? body : JSON.stringify(body),
          ...(signal ? { signal } : {}),
        }),
        path,
      ),
  };
}

function credential(value: string, at = 0): ModelCredential {
  const kind = value.startsWith("sk-ant-oat") ? "oauth" : "api_key";
  return { name: `KEY_${at + 1}`, kind, value };
}

interface TestFence extends Fence {
  /** Cuts whatever runs for anybody. */
  cut(): void;
  /** How many calls are being watched. */
  watched(): number;
}

function createTestFence(): TestFence {
  const cuts = new Set<AbortController>();
  return {
    watched: () => cuts.size,
    watch() {
      const controller = new AbortController();
      cuts.add(controller);
      return { signal: controller.signal, release: () => void cuts.delete(controller) };
    },
    cut() {
      for (const controller of cuts) controller.abort();
    },
  };
}

/** The same gate with some answers of one's own. */
export function gateWith(gate: ModelGate, own: Partial<ModelGate>): ModelGate {
  return {
    authorize: (vendor, placeholder) => gate.authorize(vendor, placeholder),
    admit: (caller, request) => gate.admit(caller, request),
    record: (caller, call) => gate.record(caller, call),
    settle: (caller, reservation) => gate.settle(caller, reservation),
    usedUp: (caller, limit) => gate.usedUp(caller, limit),
    changedCredential: (caller, limit, next) => gate.changedCredential(caller, limit, next),
    ...own,
  };
}
