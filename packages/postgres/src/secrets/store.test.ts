import { randomUUID } from "node:crypto";
import type { AuditRow, SecretRow, SecretStore } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { createAuditLog } from "../audit/log.ts";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { createSecretStore } from "./store.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");
let home: TestDatabase;
let db: Database;
let store: SecretStore;

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 4 });
  store = createSecretStore(db);
});
afterEach(() => db.query("delete from secrets; delete from task_secrets"));
afterAll(async () => {
  await db.close();
  await home.drop();
});

function row(more: Partial<SecretRow> = {}): SecretRow {
  return {
    accountId: DEFAULT_ACCOUNT_ID,
    project: "",
    name: "GITHUB_TOKEN",
    version: 1,
    kind: "token",
    hint: "…abcd",
    secret: { keyId: "k1", wrappedKey: Buffer.from([1, 2]), sealed: Buffer.from([3, 4]) },
    checked: null,
    updatedAt: NOW,
    ...more,
  };
}

function entry(action = "secret.set"): AuditRow {
  const about = { accountId: DEFAULT_ACCOUNT_ID, actor: "key 1", action, target: "GITHUB_TOKEN" };
  return { id: randomUUID(), ...about, detail: { hint: "…abcd" }, at: NOW };
}

const auditIds = async () =>
  (await createAuditLog(db).list(DEFAULT_ACCOUNT_ID, { cursor: null, limit: 100 })).entries.map(
    ({ id }) => id,
  );

describe("the secret store", () => {
  it("gives back what was put, with the next version, and writes it down", async () => {
    const audit = entry();
    expect(await store.nextVersion(DEFAULT_ACCOUNT_ID, "", "GITHUB_TOKEN")).toBe(1);
    expect(await store.put(row({ checked: "accepted" }), audit)).toBe(true);
    expect(await store.list(DEFAULT_ACCOUNT_ID)).toEqual([row({ checked: "accepted" })]);
    expect(await store.nextVersion(DEFAULT_ACCOUNT_ID, "", "GITHUB_TOKEN")).toBe(2);
    expect(await store.list(randomUUID())).toEqual([]);
    expect(await auditIds()).toContain(audit.id);
  });

  it("takes each version once, and writes down only what was done", async () => {
    const [first, second, late] = [entry(), entry(), entry()];
    expect(await store.put(row(), first)).toBe(true);
    expect(await store.put(row({ hint: "…late" }), late)).toBe(false);
    expect(await store.put(row({ version: 2, hint: "…next" }), second)).toBe(true);
    expect(await store.list(DEFAULT_ACCOUNT_ID)).toMatchObject([{ version: 2, hint: "…next" }]);
    const ids = await auditIds();
    expect(ids).toEqual(expect.arrayContaining([first.id, second.id]));
    expect(ids).not.toContain(late.id);
  });

  it("stores nothing that cannot be written down", async () => {
    const audit = entry();
    await store.put(row(), audit);
    await expect(store.put(row({ version: 2 }), audit)).rejects.toMatchObject({ code: "23505" });
    await expect(store.remove(DEFAULT_ACCOUNT_ID, "", "GITHUB_TOKEN", audit)).rejects.toMatchObject({
      code: "23505",
    });
    expect(await store.list(DEFAULT_ACCOUNT_ID)).toMatchObject([{ version: 1 }]);
  });

  it("removes exactly one", async () => {
    await store.put(row(), entry());
    await store.put(row({ project: "web" }), entry());
    expect(await store.remove(DEFAULT_ACCOUNT_ID, "web", "GITHUB_TOKEN", entry("secret.remove"))).toBe(true);
    const again = entry("secret.remove");
    expect(await store.remove(DEFAULT_ACCOUNT_ID, "web", "GITHUB_TOKEN", again)).toBe(false);
    expect(await store.list(DEFAULT_ACCOUNT_ID)).toMatchObject([{ project: "" }]);
    expect(await auditIds()).not.toContain(again.id);
  });

  it("pages through what is wrapped with another key", async () => {
    for (const project of ["a", "b", "c"]) await store.put(row({ project }), entry());
    const newer = { ...row().secret, keyId: "k2" };
    await store.put(row({ project: "d", secret: newer }), entry());
    const first = await store.wrappedWithOther("k2", 2, null);
    expect(first.map(({ project }) => project)).toEqual(["a", "b"]);
    const rest = await store.wrappedWithOther("k2", 2, first.at(-1) ?? null);
    expect(rest.map(({ project }) => project)).toEqual(["c"]);
    await store.rewrap(row({ project: "c", secret: newer }));
    await store.rewrap(row({ project: "b", version: 9, secret: newer }));
    await store.rewrap(row({ project: "a", secret: { ...newer, sealed: Buffer.from([9]) } }));
    expect((await store.wrappedWithOther("k2", 9, null)).map(({ project }) => project)).toEqual(["a", "b"]);
    expect(await store.keyIdsInUse()).toEqual(["k1", "k2"]);
  });
});

describe("the secrets of a task", () => {
  async function addTask(finished: boolean): Promise<string> {
    const id = randomUUID();
    await db.query(
      `insert into tasks (id, account_id, state, attempts_left, name, prompt, engine, provider, spec, created_at, finished_at)
       values ($1, $2, $3, 1, 'a task', 'do it', 'claude', 'local', '{}', now(), $4)`,
      [id, DEFAULT_ACCOUNT_ID, finished ? "completed" : "running", finished ? new Date(NOW) : null],
    );
    await db.query("insert into task_secrets values ($1, $2, 'GITHUB_TOKEN', 'k1', '\\x01', '\\x02')", [
      id,
      DEFAULT_ACCOUNT_ID,
    ]);
    return id;
  }

  it("are forgotten when it has ended, and go with it", async () => {
    const [running, ended] = [await addTask(false), await addTask(true)];
    expect(await store.forgetEnded()).toBe(1);
    expect(await store.ofTask(ended)).toEqual([]);
    const secret = { keyId: "k1", wrappedKey: Buffer.from([1]), sealed: Buffer.from([2]) };
    expect(await store.ofTask(running)).toEqual([{ name: "GITHUB_TOKEN", secret }]);
    await db.query("delete from tasks where id = $1", [running]);
    expect(await store.ofTask(running)).toEqual([]);
  });

  it("are wrapped anew page by page", async () => {
    const ids = [await addTask(false), await addTask(false)].sort();
    const first = await store.taskSecretsWrappedWithOther("k2", 1, null);
    expect(first).toMatchObject([{ taskId: ids[0], accountId: DEFAULT_ACCOUNT_ID, name: "GITHUB_TOKEN" }]);
    const rest = await store.taskSecretsWrappedWithOther("k2", 9, first[0] ?? null);
    expect(rest.map(({ taskId }) => taskId)).toEqual([ids[1]]);
    for (const found of [...first, ...rest])
      await store.rewrapTaskSecret({ ...found, secret: { ...found.secret, keyId: "k2" } });
    expect(await store.taskSecretsWrappedWithOther("k2", 9, null)).toEqual([]);
    expect(await store.keyIdsInUse()).toEqual(["k2"]);
  });
});
