import {
  accountBudgetSchema,
  auditPageSchema,
  retentionSchema,
  rotatedSchema,
  secretInfoSchema,
  secretListSchema,
} from "@agency/contract";
import type {
  AccountBudget,
  AuditEntry,
  Retention,
  Rotated,
  SecretInfo,
  SetAccountBudget,
  SetRetention,
  SetSecretInput,
} from "@agency/contract";
import { finish } from "./calls.ts";
import type { Call } from "./calls.ts";
import { call, send } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { networkCalls } from "./network-calls.ts";
import type { NetworkCalls } from "./network-calls.ts";

export interface AccountCalls extends NetworkCalls {
  setBudget(caps: SetAccountBudget, options?: Call): Promise<AccountBudget>;
  retention(options?: Call): Promise<Retention>;
  setRetention(times: SetRetention, options?: Call): Promise<Retention>;
  secrets(options?: Call): Promise<SecretInfo[]>;
  setSecret(name: string, secret: SetSecretInput, options?: Call): Promise<SecretInfo>;
  removeSecret(name: string, options?: Call & { project?: string }): Promise<void>;
  rotateSecrets(options?: Call): Promise<Rotated>;
  audit(
    page?: { cursor?: string; limit?: number },
    options?: Call,
  ): Promise<{ entries: AuditEntry[]; nextCursor: string | null }>;
}

export function accountCalls(connection: Connection): AccountCalls {
  const secret = (name: string) => `/v1/secrets/${encodeURIComponent(name)}`;
  return {
    ...networkCalls(connection),
    setBudget: (body, { signal } = {}) =>
      call(connection, { method: "PUT", path: "/v1/budget", body, signal }, accountBudgetSchema),
    retention: ({ signal } = {}) => call(connection, { path: "/v1/retention", signal }, retentionSchema),
    setRetention: (body, { signal } = {}) =>
      call(connection, { method: "PUT", path: "/v1/retention", body, signal }, retentionSchema),
    secrets: async ({ signal } = {}) =>
      (await call(connection, { path: "/v1/secrets", signal }, secretListSchema)).secrets,
    setSecret: (name, body, { signal } = {}) =>
      call(connection, { method: "PUT", path: secret(name), body, signal }, secretInfoSchema),
    removeSecret: async (name, { project, signal } = {}) =>
      finish(await send(connection, { method: "DELETE", path: secret(name), query: { project }, signal })),
    rotateSecrets: ({ signal } = {}) =>
      call(connection, { method: "POST", path: "/v1/secrets/rotate", signal }, rotatedSchema),
    audit: (page = {}, { signal } = {}) =>
      call(connection, { path: "/v1/audit", query: page, signal }, auditPageSchema),
  };
}
