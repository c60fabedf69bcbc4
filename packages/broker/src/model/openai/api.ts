import type { PriceTable } from "@agency/core";
import type { VendorApi } from "../vendor.ts";
import { createAnswerMeter } from "./answer-meter.ts";
import { chatReader } from "./chat-reader.ts";
import { closedField } from "./closed-field.ts";
import { findEndpoint, RESPONSES } from "./endpoints.ts";
import { readAsked } from "./read-asked.ts";
import { readTrouble } from "./read-trouble.ts";
import { responsesReader } from "./responses-reader.ts";

/** The OpenAI API: Responses and Chat Completions, the vendor's or any server's that speaks them. */
export function createOpenaiApi(prices: PriceTable): VendorApi {
  return {
    id: "openai",
    title: "OpenAI",
    home: "api.openai.com",
    howToAdd: "Add one with `agency login openai`, or set OPENAI_API_KEY.",
    open: "responses, chat/completions and models",
    headers: {
      request: new Set([
        "accept",
        "user-agent",
        "openai-beta",
        "originator",
        "session_id",
        "conversation_id",
        "version",
        "x-client-request-id",
      ]),
      requestPrefixes: ["x-stainless-", "x-codex-"],
      response: new Set([
        "content-type",
        "x-request-id",
        "openai-processing-ms",
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
      ]),
      responsePrefixes: ["x-ratelimit-"],
      joined: null,
    },
    findEndpoint,
    presentedKey(headers) {
      const authorization = headers.get("authorization");
      return authorization === null ? null : (/^bearer +(\S+)$/i.exec(authorization)?.[1] ?? "");
    },
    // A key pasted over several lines holds line breaks that no header can carry.
    credentialHeaders: ({ value }) => ({ authorization: `Bearer ${value.replaceAll(/\s+/g, "")}` }),
    // A base URL holds the version, as SDKs of this vendor take it; a bare host means the first.
    address: (basePath, path) => (basePath === "" ? path : basePath + path.replace(/^\/v1/, "")),
    errorBody: ({ type, message }) => ({ error: { message, type, param: null, code: type } }),
    readAsked: (endpoint, json) => readAsked(endpoint, json, prices),
    closedField,
    createMeter: ({ path }, inputBytes) =>
      createAnswerMeter(path === RESPONSES ? responsesReader : chatReader, inputBytes),
    readTrouble,
  };
}
