import { createApiKeys } from "@agency/control";
import type { ApiKeyRecord, ApiKeyStore } from "@agency/core";
import { describe, expect, it } from "vitest";
import { codeOf, createTestApi } from "../testing/test-api.ts";

class MemoryKeys implements Pick<ApiKeyStore, "find" | "insert"> {
  readonly records = new Map<string, ApiKeyRecord>();

  async find(id: string): Promise<ApiKeyRecord | null> {
    return this.records.get(id) ?? null;
  }

  async insert(key: { id: string; accountId: string; hmac: Uint8Array }): Promise<void> {
    this.records.set(key.id, { id: key.id, accountId: key.accountId, hmac: key.hmac, revoked: false });
  }
}

async function withKeys() {
  const store = new MemoryKeys();
  const apiKeys = createApiKeys({ store, pepper: new Uint8Array(32), now: () => 0 });
  const key = await apiKeys.create("anna", "test", 1_700_000_000_000);
  const { ask } = createTestApi({ apiKeys });
  const statusFor = async (authorization: string): Promise<number> =>
    (await ask("GET", "/v1/tasks", { headers: { authorization } })).status;
  return { store, key, ask, statusFor };
}

describe("a key", () => {
  it("lets its owner in", async () => {
    const { key, statusFor } = await withKeys();
    expect(await statusFor(`Bearer ${key}`)).toBe(200);
    expect(await statusFor(`bearer ${key}`)).toBe(200);
  });

  it("is refused in every broken form, with one and the same answer", async () => {
    const { key, ask } = await withKeys();
    const swapped = key.endsWith("A") ? `${key.slice(0, -1)}B` : `${key.slice(0, -1)}A`;
    const broken = [
      "",
      "Bearer",
      "Bearer ",
      key,
      `Basic ${key}`,
      `Bearer ${key}x`,
      `Bearer ${key.slice(0, -1)}`,
    ];
    const tricks = [
      `Bearer ${swapped}`,
      `Bearer ${key} ${key}`,
      "Bearer agk__",
      `Bearer ${"a".repeat(9000)}`,
      "Bearer ümlaut",
    ];
    for (const authorization of [...broken, ...tricks]) {
      const answer = await ask("GET", "/v1/tasks", { headers: { authorization } });
      expect([answer.status, codeOf(answer)], `for ${authorization.slice(0, 60)}`).toEqual([
        401,
        "unauthenticated",
      ]);
      expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    }
  });

  it("that was revoked is refused", async () => {
    const { store, key, statusFor } = await withKeys();
    for (const [id, record] of store.records) store.records.set(id, { ...record, revoked: true });
    expect(await statusFor(`Bearer ${key}`)).toBe(401);
  });
});
