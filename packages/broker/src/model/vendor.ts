import type { ModelCredential, ModelRequestFacts } from "@agency/core";
import type { CallMeter } from "./call-meter.ts";
import type { ApiError } from "./api-error.ts";
import type { HeaderRules } from "./forwarded-headers.ts";
import type { Trouble, TroubledAnswer } from "./trouble.ts";
import type { SseFilter } from "./sse-filter.ts";

export type ModelVendor = "anthropic" | "openai";

export type Endpoint =
  | { readonly kind: "hello" }
  /** Costs money: admitted, metered, recorded. */
  | { readonly kind: "billed"; readonly path: string; readonly query: readonly string[] }
  /** Token counts and lists of models. Neither admitted nor recorded. */
  | {
      readonly kind: "free";
      readonly path: string;
      readonly query: readonly string[];
      readonly hasBody: boolean;
    };
export type BilledEndpoint = Extract<Endpoint, { kind: "billed" }>;
export type FreeEndpoint = Extract<Endpoint, { kind: "free" }>;

export type JsonObject = Readonly<Record<string, unknown>>;

/** What a billed request asks for. */
export interface Asked {
  readonly model: string;
  /** The most output tokens all its answers together can have. */
  readonly maxTokens: number;
  /** It leans on something the vendor has kept, which nobody here has measured. */
  readonly unseenInput?: boolean;
  readonly mode?: NonNullable<ModelRequestFacts["mode"]>;
  /** The body to send in the place of the engine's own. */
  readonly changed?: JsonObject;
  /** Takes out of a streamed answer what only the broker asked for. */
  readonly filter?: () => SseFilter;
}

/** All that tells one vendor from another. Everything else is one path for both. */
export interface VendorApi {
  readonly id: ModelVendor;
  readonly title: string;
  /** Where it cannot be asked without a credential; a server of one's own may want none. */
  readonly home: string;
  /** What people do who have no credential yet. */
  readonly howToAdd: string;
  /** The open endpoints, in a few words. */
  readonly open: string;
  readonly headers: HeaderRules;
  findEndpoint(method: string, path: string): Endpoint | null;
  /** The key a request presents; null when it presents none, empty when it is none of ours. */
  presentedKey(headers: Headers): string | null;
  credentialHeaders(credential: ModelCredential): Record<string, string>;
  /** Path on the vendor's server for a path of ours, behind the path of the base URL. */
  address(basePath: string, path: string): string;
  errorBody(error: ApiError): JsonObject;
  readAsked(endpoint: BilledEndpoint, json: JsonObject): Asked | ApiError;
  /** The field that would make the vendor reach into the network for the agent; null when there is none. */
  closedField(json: JsonObject): string | null;
  createMeter(endpoint: BilledEndpoint, inputBytes: number): CallMeter;
  /** What an error says of the credential it was asked with. */
  readTrouble(answer: TroubledAnswer): Trouble | null;
}
