import { apiErrors } from "../api-error.ts";
import type { ApiError } from "../api-error.ts";
import { isName } from "../call-meter.ts";
import type { Asked, JsonObject, VendorApi } from "../vendor.ts";
import { closedField } from "./closed-field.ts";
import { credentialHeaders } from "./credential.ts";
import { findEndpoint } from "./endpoints.ts";
import { createMessageMeter } from "./message-meter.ts";
import { presentedKey } from "./placeholder.ts";
import { readTrouble } from "./read-trouble.ts";

/** The Anthropic Messages API. */
export const anthropicApi: VendorApi = {
  id: "anthropic",
  title: "Anthropic",
  home: "api.anthropic.com",
  howToAdd: "Add one with `agency login claude`, or set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN.",
  open: "messages, count_tokens and models",
  headers: {
    request: new Set([
      "accept",
      "user-agent",
      "anthropic-version",
      "anthropic-beta",
      "anthropic-dangerous-direct-browser-access",
      "x-app",
      "x-client-request-id",
    ]),
    requestPrefixes: ["x-stainless-", "x-claude-code-"],
    response: new Set(["content-type", "request-id", "retry-after", "retry-after-ms", "x-should-retry"]),
    responsePrefixes: ["anthropic-ratelimit-"],
    joined: "anthropic-beta",
  },
  findEndpoint,
  presentedKey,
  credentialHeaders,
  // With or without /v1 at its end, a base URL means the same.
  address: (basePath, path) => basePath.replace(/\/v1$/, "") + path,
  errorBody: ({ type, message }) => ({ type: "error", error: { type, message } }),
  readAsked: (_, json) => readAsked(json),
  closedField,
  createMeter: () => createMessageMeter(),
  readTrouble,
};

function readAsked({
  model,
  max_tokens: maxTokens,
  speed,
  inference_geo: place,
}: JsonObject): Asked | ApiError {
  if (!isName(model))
    return apiErrors.badRequest("model: a model id of plain characters, at most 200, is required.");
  if (typeof maxTokens !== "number" || !Number.isSafeInteger(maxTokens) || maxTokens < 0)
    return apiErrors.badRequest("max_tokens: a whole number is required.");
  const mode = { ...(speed === "fast" && { fast: true }), ...(place === "us" && { usOnly: true }) };
  return { model, maxTokens, mode };
}
