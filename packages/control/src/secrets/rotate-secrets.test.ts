import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storedPlace, taskPlace } from "@agency/core";
import type { SecretStore } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKeyRing } from "./key-ring.ts";
import type { KeyRing } from "./key-ring.ts";
import { setSecret } from "./manage-secrets.ts";
import { loadMasterKeys, readMasterKeys } from "./master-keys.ts";
import { createRotation } from "./rotate-secrets.ts";
import { giveTaskSecrets } from "./testing/give-task-secret.ts";
import { ACCOUNT, secretGround } from "./testing/secret-ground.ts";
import type { SecretGround } from "./testing/secret-ground.ts";

const TOKEN = "ghp_a_token_that_is_stored";
const OF_TASK = "ghp_a_token_of_one_task_only";
let ground: SecretGround;
let folder: string;
let file: string;
let taskId: string;

beforeEach(async () => {
  ground = await secretGround();
  folder = await mkdtemp(join(tmpdir(), "agency-rotation-"));
  file = join(folder, "master-key");
  taskId = await ground.addTask();
  const ring = await restarted();
  const deps = ground.start(ring);
  for (const project of [undefined, "web", "api"]) {
    const input = { value: TOKEN, check: false, ...(project === undefined ? {} : { project }) };
    await setSecret(deps, ACCOUNT, "GITHUB_TOKEN", input, "test");
  }
  await giveTaskSecrets(ground.db, ring, { accountId: ACCOUNT, taskId }, { GITHUB_TOKEN: OF_TASK });
  ground.clock.now += 3_600_000;
});
afterEach(async () => {
  await ground[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const now = () => ground.clock.now;

/** What a new process would know. */
async function restarted(): Promise<KeyRing> {
  return createKeyRing((await loadMasterKeys({ fromSettings: null, file, now })).keys, now);
}

function rotation(ring: KeyRing, store: SecretStore = ground.store, masterKeyFile: string | null = file) {
  return createRotation({ store, audit: ground.audit, ring, masterKeyFile, now });
}

async function allOpen(ring: KeyRing): Promise<string[]> {
  const stored = (await ground.store.list(ACCOUNT)).map((row) => ring.open(row.secret, storedPlace(row)));
  const own = (await ground.store.ofTask(taskId)).map(({ name, secret }) =>
    ring.open(secret, taskPlace({ accountId: ACCOUNT, taskId, name })),
  );
  return [...stored, ...own];
}

const EVERYTHING = [TOKEN, TOKEN, TOKEN, OF_TASK];

/** Fails from its n-th call on, as everything does for a process that is killed. */
function dyingAfter(calls: number, store: SecretStore): SecretStore {
  let left = calls;
  const mortal = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      left -= 1;
      if (left < 0) throw new Error("killed");
      return work(...args);
    };
  };
  return {
    ...store,
    wrappedWithOther: mortal(store.wrappedWithOther),
    rewrap: mortal(store.rewrap),
    taskSecretsWrappedWithOther: mortal(store.taskSecretsWrappedWithOther),
    rewrapTaskSecret: mortal(store.rewrapTaskSecret),
    keyIdsInUse: mortal(store.keyIdsInUse),
  };
}

describe("a rotation", () => {
  it("wraps everything with a new key, which alone stays in the file", async () => {
    const ring = await restarted();
    const before = ring.newest();
    expect(await rotation(ring)(ACCOUNT, "key 1")).toEqual({ rewrapped: 4, keyId: ring.newest() });
    expect(ring.newest()).not.toBe(before);
    expect((await readMasterKeys(file))?.map(({ id }) => id)).toEqual([ring.newest()]);
    expect(await ground.store.keyIdsInUse()).toEqual([ring.newest()]);
    expect(await allOpen(await restarted())).toEqual(EVERYTHING);
    const { entries } = await ground.audit.list(ACCOUNT, { cursor: null, limit: 1 });
    expect(entries).toMatchObject([
      { action: "secret.rotate", actor: "key 1", target: ring.newest(), detail: { rewrapped: "4" } },
    ]);
  });

  it("loses nothing, wherever it is killed, and can be repeated", async () => {
    for (let calls = 0; ; calls += 1) {
      const store = dyingAfter(calls, ground.store);
      const outcome = await rotation(await restarted(), store)(ACCOUNT, "test").catch(() => null);
      expect(await allOpen(await restarted())).toEqual(EVERYTHING);
      if (outcome !== null) break;
    }
    expect((await readMasterKeys(file))?.map(({ id }) => id)).toEqual(await ground.store.keyIdsInUse());
  });

  it("keeps a key that something was sealed with a moment ago, for it may not be stored yet", async () => {
    const ring = await restarted();
    const place = taskPlace({ accountId: ACCOUNT, taskId, name: "OPENAI_API_KEY" });
    const onItsWay = ring.seal("sk-proj-on-its-way-0001", place);
    await rotation(ring)(ACCOUNT, "test");
    expect((await restarted()).open(onItsWay, place)).toBe("sk-proj-on-its-way-0001");
    ground.clock.now += 3_600_000;
    await rotation(ring)(ACCOUNT, "test");
    expect(await readMasterKeys(file)).toHaveLength(1);
  });

  it("is one after the other when two ask at once", async () => {
    const rotate = rotation(await restarted());
    const [first, second] = await Promise.all([rotate(ACCOUNT, "a"), rotate(ACCOUNT, "b")]);
    expect(first.keyId).not.toBe(second.keyId);
    expect((await readMasterKeys(file))?.map(({ id }) => id)).toEqual([second.keyId]);
    expect(await allOpen(await restarted())).toEqual(EVERYTHING);
  });

  it("does not overwrite a secret that was stored anew meanwhile", async () => {
    const ring = await restarted();
    const [row] = await ground.store.wrappedWithOther("none", 1, null);
    if (row === undefined) throw new Error("no row");
    const input = { value: `${TOKEN}_newer`, check: false };
    await setSecret(ground.start(ring), ACCOUNT, "GITHUB_TOKEN", input, "test");
    await ground.store.rewrap({ ...row, secret: ring.rewrap(row.secret, storedPlace(row)) });
    expect(await allOpen(ring)).toContain(`${TOKEN}_newer`);
  });

  it("says what did not open, and still does the others", async () => {
    await ground.db.query("update secrets set key_id = 'lost' where project = 'api'");
    const ring = await restarted();
    await expect(rotation(ring)(ACCOUNT, "test")).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("1 secrets did not open and stay as they were: GITHUB_TOKEN"),
    });
    expect(await ground.store.keyIdsInUse()).toEqual([ring.newest(), "lost"].sort());
  });

  it("wraps to the first key of AGENCY_MASTER_KEY and leaves the file alone", async () => {
    const before = (await readMasterKeys(file)) ?? [];
    const ring = createKeyRing([{ id: "mine", key: randomBytes(32) }, ...before], now);
    expect(await rotation(ring, ground.store, null)(ACCOUNT, "test")).toEqual({
      rewrapped: 4,
      keyId: "mine",
    });
    expect(await allOpen(ring)).toEqual(EVERYTHING);
    expect(await readMasterKeys(file)).toEqual(before);
  });
});
