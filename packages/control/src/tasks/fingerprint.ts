import { createHash, createHmac } from "node:crypto";
import { AgencyError } from "@agency/contract";
import type { CreateTask } from "@agency/contract";
import type { Idempotency } from "@agency/core";

const ROUTE = "POST /v1/tasks";

/** What tells a repeated request from another one under the same key. Secrets are part of it, but not in it. */
export function idempotencyOf(accountId: string, key: string, input: CreateTask): Idempotency {
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new AgencyError(
      "invalid_request",
      "The Idempotency-Key must be 1 to 255 visible ASCII characters.",
    );
  }
  const secrets = Object.entries(input.secrets).map(([name, value]) => [name, digest(accountId, key, value)]);
  const known = { ...input, secrets: Object.fromEntries(secrets) };
  const fingerprint = createHash("sha256")
    .update(JSON.stringify(sorted(known)))
    .digest();
  return { route: ROUTE, key, fingerprint };
}

function digest(accountId: string, key: string, value: string): string {
  return createHmac("sha256", `${accountId} ${key}`).update(value).digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([k, v]) => [k, sorted(v)]));
}
