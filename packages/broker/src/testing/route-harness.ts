import type { ModelGate } from "@agency/core";
import { createAnthropicRoute } from "../model/anthropic/route.ts";
import type { AnthropicRouteOptions } from "../model/anthropic/route.ts";
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

type IssuingGate = ModelGate & { issue(): string };

interface RouteHarness<G extends IssuingGate> {
  gate: G;
  logger: CaptureLogger;
  placeholder: string;
  route: ReturnType<typeof createAnthropicRoute>;
  /** Posts a message with the placeholder. */
  send: (body?: unknown, init?: SendInit) => Promise<Response>;
}

interface SendInit {
  headers?: Record<string, string>;
  signal?: AbortSignal;
  query?: string;
}

export function createHarness<G extends IssuingGate>(
  gate: G,
  baseUrl: string,
  options: Partial<AnthropicRouteOptions> = {},
): RouteHarness<G> {
  const placeholder = gate.issue();
  const logger = createCaptureLogger();
  const route = createAnthropicRoute({
    gate,
    upstream: () => ({ baseUrl, headers: { "x-api-key": REAL_KEY } }),
    logger,
    ...options,
  });
  return {
    gate,
    logger,
    placeholder,
    route,
    send: (body = BODY, { headers = { "x-api-key": placeholder }, signal, query = "" } = {}) =>
      route(
        new Request(`http://127.0.0.1/model/anthropic/v1/messages${query}`, {
          method: "POST",
          headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", ...headers },
          body: typeof body === "string" ? body : JSON.stringify(body),
          ...(signal ? { signal } : {}),
        }),
        "/v1/messages",
      ),
  };
}

/** The same gate with some answers of one's own. */
export function gateWith(gate: ModelGate, own: Partial<ModelGate>): ModelGate {
  return {
    authorize: (placeholder) => gate.authorize(placeholder),
    admit: (caller, request) => gate.admit(caller, request),
    record: (caller, call) => gate.record(caller, call),
    ...own,
  };
}
