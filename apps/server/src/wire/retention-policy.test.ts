import {
  accountRetention,
  applyRetention,
  archiveDue,
  collectOrphans,
  createArchivedEvents,
  deleteTask,
  downloadCheckpoint,
  downloadArtifact,
  finishRemovals,
  listArtifacts,
  readEvent,
  SCAN_TIMES,
  scanStorage,
  setAccountRetention,
} from "@agency/control";
import type { Provider, RetentionTimes } from "@agency/core";
import { DEFAULT_ACCOUNT_ID } from "@agency/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSilentLogger } from "../http/testing/silent-logger.ts";
import { openRetentionGround } from "./testing/retention-ground.ts";
import type { RetentionGround } from "./testing/retention-ground.ts";

const DAY_MS = 86_400_000;
const FOREVER: RetentionTimes = { events: null, artifacts: null, checkpoints: null };
const ME = DEFAULT_ACCOUNT_ID;
const UNKNOWN = "00000000-0000-7000-8000-000000000000";
const bytes = (text: string) => new TextEncoder().encode(text);

let ground: RetentionGround;
beforeAll(async () => {
  ground = await openRetentionGround();
});
afterAll(() => ground.close());

const apply = (times: Partial<RetentionTimes>) =>
  applyRetention(
    { retention: ground.retention, defaults: { ...FOREVER, ...times }, logger: createSilentLogger() },
    Date.now(),
    ground.signal,
  );
const collect = () => collectOrphans(ground, ground.signal);
const archive = () => archiveDue(ground, Date.now(), ground.signal);
type Providers = ReadonlyMap<string, Pick<Provider, "destroy" | "discard">>;
const remove = (providers: Providers = new Map()) =>
  finishRemovals({ removals: ground.removals, storage: ground.storage, providers }, ground.signal);
const objectsOf = async (id: string) =>
  (await ground.storage.list(`tasks/${id}`)).objects.map(({ key }) => key);
const expiredOf = async (id: string) => (await ground.tasks.get(ME, id))?.expired;

describe("the time something is kept", () => {
  it("is the server's until the account names its own, which is in the audit log", async () => {
    const deps = { retention: ground.retention, defaults: { ...FOREVER, events: DAY_MS }, now: Date.now };
    expect(await accountRetention(deps, ME)).toEqual({
      eventsMs: DAY_MS,
      artifactsMs: null,
      checkpointsMs: null,
    });
    const changed = await setAccountRetention(deps, ME, { eventsMs: null, artifactsMs: DAY_MS }, "key 1");
    expect(changed).toEqual({ eventsMs: null, artifactsMs: DAY_MS, checkpointsMs: null });
    const { rows } = await ground.db.query("select detail from audit_log where action = 'retention.set'");
    expect(rows).toEqual([{ detail: { events: "forever", artifacts: "86400000 ms" } }]);
    await ground.db.query("update accounts set retention = '{}'");
  });

  it("of events takes rows, segments and large events; reads say so and since when", async () => {
    const [inRows, inSegments] = [await ground.startedTask(100), await ground.startedTask(100)];
    await ground.end(inSegments, 40);
    await archive();
    await ground.end(inRows, 40);
    for (const id of [inRows, inSegments])
      await ground.storage.put(`tasks/${id}/events/1-7.json`, bytes("{}"));
    const { lastSeq } = await ground.rows.read(inRows, 0, 1);
    await apply({ events: 30 * DAY_MS });
    for (const id of [inRows, inSegments]) {
      const reader = createArchivedEvents(ground);
      const since = (await expiredOf(id))?.events;
      expect(since).toEqual(expect.any(String));
      expect(await reader.read(id, 0, 10)).toEqual({
        events: [],
        lastSeq,
        firstSeq: lastSeq + 1,
        expiredAt: since,
      });
      await expect(readEvent({ ...ground, events: reader }, id, 3)).rejects.toMatchObject({
        code: "expired",
      });
    }
    await remove();
    await collect();
    expect([await objectsOf(inRows), await objectsOf(inSegments)]).toEqual([[], []]);
    const left = await ground.db.query("select from events where task_id = any ($1)", [[inRows, inSegments]]);
    expect(left.rows).toEqual([]);
    expect(await archive()).toBeGreaterThan(0);
    expect((await ground.tasks.get(ME, inRows))?.lastEventAt).toEqual(expect.any(String));
  });

  it("of artifacts takes their bytes and leaves what there was", async () => {
    const id = await ground.startedTask(1);
    const artifact = await ground.keepBlob(id, "file", "report.txt");
    await ground.end(id, 100);
    expect(await apply({ artifacts: 90 * DAY_MS })).toBe(1);
    expect(await apply({ artifacts: 90 * DAY_MS })).toBe(0);
    await collect();
    expect(await objectsOf(id)).toEqual([]);
    const [shown] = await listArtifacts(ground, ME, id);
    expect(shown).toMatchObject({ name: "report.txt", expiredAt: (await expiredOf(id))?.artifacts });
    await expect(downloadArtifact(ground, ME, id, artifact)).rejects.toMatchObject({ code: "expired" });
  });

  it("of checkpoints never takes the newest, one with a label, or any a live task goes on from", async () => {
    const id = await ground.startedTask(1);
    for (const [number, label] of [[1], [2, "before"], [3], [4]] as const)
      await ground.keepCheckpoint(id, number, label);
    await ground.end(id, 60);
    const child = await ground.startedTask(1, { resume: { taskId: id, checkpoint: 1, fork: false } });
    const kept = async () => (await ground.artifacts.checkpoints(id)).map(({ number }) => number);
    expect(await apply({ checkpoints: 30 * DAY_MS })).toBe(0);
    expect(await kept()).toEqual([4, 3, 2, 1]);
    await ground.end(child, 0);
    expect(await apply({ checkpoints: 30 * DAY_MS })).toBe(1);
    expect(await kept()).toEqual([4, 2]);
    expect(await expiredOf(id)).toEqual({ checkpoints: expect.any(String) });
    await collect();
    expect(await objectsOf(id)).toHaveLength(2);
  });

  it("of checkpoints takes what a task was started with, unless others went on from it", async () => {
    const [id, key] = await ground.uploadedTask();
    await ground.keepCheckpoint(id, 1);
    await ground.end(id, 60);
    const child = await ground.startedTask(1, { resume: { taskId: id, checkpoint: 1, fork: false } });
    await ground.end(child, 1);
    await apply({ artifacts: 30 * DAY_MS });
    await apply({ checkpoints: 30 * DAY_MS });
    expect(await downloadCheckpoint(ground, ME, id, 0)).toMatchObject({ name: "upload.tar" });
    const deps = { ...ground, providers: new Map(), logger: createSilentLogger(), now: Date.now };
    await deleteTask(deps, ME, child, "key 1");
    await apply({ checkpoints: 30 * DAY_MS });
    await expect(downloadCheckpoint(ground, ME, id, 0)).rejects.toMatchObject({ code: "expired" });
    await collect();
    expect(await ground.storage.stat(key)).toBeNull();
  });

  it("takes nothing of a task that is alive, or that ended later", async () => {
    const [living, late] = [await ground.startedTask(3), await ground.startedTask(3)];
    await ground.end(late, 5);
    for (const id of [living, late])
      await ground.db.query("update tasks set created_at = '2020-01-01' where id = $1", [id]);
    await apply({ events: 30 * DAY_MS, artifacts: 30 * DAY_MS, checkpoints: 30 * DAY_MS });
    expect([await expiredOf(living), await expiredOf(late)]).toEqual([undefined, undefined]);
    expect(await ground.wholeLog(late)).not.toEqual([]);
  });
});

describe("a deleted task", () => {
  it("leaves what it cost and who deleted it, in no other table and nowhere in the storage", async () => {
    const id = await ground.startedTask(6_000);
    await ground.keepBlob(id, "file", "a.txt");
    await ground.keepCheckpoint(id, 1);
    await ground.db.query(
      `insert into commands (id, task_id, account_id, kind) values (gen_random_uuid(), $1, $2, 'checkpoint')`,
      [id, ME],
    );
    await bill(id);
    await ground.end(id);
    await archive();
    await ground.storage.put(`tasks/${id}/events/1-7.json`, bytes("{}"));
    const calls: string[] = [];
    const provider = { discard: async () => void calls.push("discard") } as unknown as Provider;
    const logger = createSilentLogger();
    const away = { ...ground.storage, deletePrefix: () => Promise.reject(new Error("away")) };
    const deps = {
      ...ground,
      storage: away,
      providers: new Map([["local", provider]]),
      logger,
      now: Date.now,
    };
    await deleteTask(deps, ME, id, "key 1");
    expect(await ground.tasks.get(ME, id)).toBeNull();
    expect((await objectsOf(id)).length).toBeGreaterThan(0);
    await ground.db.query("update removals set due_at = now()");
    await remove();
    await collect();
    expect(await objectsOf(id)).toEqual([]);
    expect(await traces(id)).toEqual(["audit_log", "model_calls"]);
  });

  it("is finished after a crash at any of its steps, by another server", async () => {
    for (const step of ["discard", "events", "objects", "done"]) {
      const id = await ground.startedTask(2);
      await ground.keepBlob(id, "file", "a.txt");
      await ground.end(id);
      const die = async () => Promise.reject(new Error(`crash at ${step}`));
      const { storage, removals } = ground;
      const deps = {
        ...ground,
        storage: step === "objects" ? { ...storage, deletePrefix: die } : storage,
        removals: {
          ...removals,
          ...(step === "events" ? { removeEvents: die } : {}),
          ...(step === "done" ? { done: die } : {}),
        },
        providers: new Map(step === "discard" ? [["local", { destroy: die, discard: die }]] : []),
        logger: createSilentLogger(),
        now: Date.now,
      };
      if (step === "discard")
        await ground.db.query("update sandboxes set ref = '{}', state = 'active' where task_id = $1", [id]);
      await deleteTask(deps, ME, id, "key 1");
      expect(await remove()).toBe(0);
      await ground.db.query("update removals set due_at = now()");
      const back = async () => undefined;
      expect(await remove(new Map([["local", { destroy: back, discard: back }]]))).toBe(1);
      await collect();
      expect([step, await traces(id), await objectsOf(id)]).toEqual([step, ["audit_log"], []]);
    }
  });
});

describe("a deleted task whose sandbox cannot be reached", () => {
  it.each([
    ["away", new Map([["local", { destroy: gone, discard: gone }]])],
    ["not set up", new Map()],
  ])("loses its events and objects at once, and stays due until it can: %s", async (_why, providers) => {
    const id = await ground.startedTask(2);
    await ground.keepBlob(id, "file", "a.txt");
    await ground.end(id);
    await ground.db.query("update sandboxes set ref = '{}', state = 'active' where task_id = $1", [id]);
    await deleteTask({ ...ground, providers, logger: createSilentLogger(), now: Date.now }, ME, id, "key 1");
    expect([await objectsOf(id), await traces(id)]).toEqual([[], expect.not.arrayContaining(["events"])]);
    await ground.db.query("update removals set due_at = now()");
    await expect(remove(providers)).rejects.toThrow(/away|not set up/);
    expect(await traces(id)).toContain("removals");
    await ground.db.query("update removals set due_at = now()");
    const called: string[] = [];
    const back = {
      destroy: async () => void called.push("destroy"),
      discard: async () => void called.push("discard"),
    };
    expect(await remove(new Map([["local", back]]))).toBe(1);
    expect(called).toEqual(["destroy", "discard"]);
    await collect();
    expect(await traces(id)).toEqual(["audit_log"]);
  });
});

function gone(): Promise<never> {
  return Promise.reject(new Error("away"));
}

describe("comparing storage and rows", () => {
  const LATER = Date.now() + 7 * DAY_MS;
  const scan = (times: Partial<typeof SCAN_TIMES> = {}, now = LATER) =>
    scanStorage(
      {
        scan: ground.scan,
        storage: ground.storage,
        logger: createSilentLogger(),
        times: { ...SCAN_TIMES, ...times },
        now: () => now,
      },
      ground.signal,
    );
  const dueNow = () => ground.db.query("update storage_scan set due_at = now()");

  it("collects old objects without a row, and nothing that is young, announced, ours or somebody else's", async () => {
    const id = await ground.startedTask(5);
    await ground.keepBlob(id, "file", "kept.txt");
    await ground.artifacts.announce({
      taskId: id,
      epoch: 1,
      key: `tasks/${id}/blobs/coming`,
      again: `tasks/${id}/blobs/coming`,
      bytes: 1,
      lastsMs: 1e6,
      maxTaskBytes: 9e9,
      maxTaskBlobs: 9,
    });
    const kept = [`tasks/${id}/blobs/coming`, `tasks/${id}/events/1-1.json`, "tasks/notes.txt", "other/x"];
    const lost = [`tasks/${id}/blobs/lost`, `tasks/${id}/segments/1-2-x`, `tasks/${UNKNOWN}/anything/x`];
    for (const key of [...kept, ...lost]) await ground.storage.put(key, bytes("x"));
    const before = await objectsOf(id);
    await dueNow();
    expect((await scan({}, Date.now())).orphans).toBe(0);
    await dueNow();
    expect((await scan()).orphans).toBe(lost.length);
    await collect();
    for (const key of lost) expect(await ground.storage.stat(key)).toBeNull();
    for (const key of kept) expect(await ground.storage.stat(key)).not.toBeNull();
    expect(await objectsOf(id)).toEqual(before.filter((key) => !lost.includes(key)));
  });

  it("looks at what was sent for tasks, too", async () => {
    const [, used] = await ground.uploadedTask();
    const waiting = await ground.keepUpload();
    const stray = `uploads/${UNKNOWN}`;
    for (const key of [stray, "uploads/notes.txt"]) await ground.storage.put(key, bytes("x"));
    await dueNow();
    expect(await scan()).toMatchObject({ orphans: 1, missing: 0 });
    await collect();
    expect(await ground.storage.stat(stray)).toBeNull();
    for (const key of [used, waiting.key, "uploads/notes.txt"])
      expect(await ground.storage.stat(key)).not.toBeNull();
    await ground.db.query("update blobs set at = now() - interval '2 hours' where key = $1", [used]);
    await ground.storage.delete(used);
    await dueNow();
    expect((await scan()).missing).toBe(1);
  });

  it("goes on where it stopped, one server at a time, and rests when it is through", async () => {
    for (let n = 0; n < 2_500; n += 1) await ground.storage.put(`tasks/${UNKNOWN}/x/${n}`, bytes(""));
    await dueNow();
    const first = await scan({ pagesAtOnce: 1 });
    expect(first).toMatchObject({ objects: 1_000 });
    const [one, other] = await Promise.all([scan(), scan()]);
    expect([one.objects, other.objects].toSorted((a, b) => a - b)[0]).toBe(0);
    expect(first.orphans + one.orphans + other.orphans).toBe(2_500);
    expect(await scan()).toMatchObject({ objects: 0 });
    await collect();
    expect(await objectsOf(UNKNOWN)).toEqual([]);
  });

  it("marks what is named by a row and gone, and takes the mark back when it is there again", async () => {
    const id = await ground.startedTask(1);
    const artifact = await ground.keepBlob(id, "file", "a.txt");
    await ground.db.query("update blobs set at = now() - interval '2 hours' where id = $1", [artifact]);
    const key = `tasks/${id}/blobs/${artifact}`;
    const body = (await ground.storage.get(key)) ?? bytes("");
    await ground.storage.delete(key);
    await dueNow();
    expect((await scan()).missing).toBe(1);
    expect(await listArtifacts(ground, ME, id)).toMatchObject([{ missingSince: expect.any(String) }]);
    await expect(downloadArtifact(ground, ME, id, artifact)).rejects.toMatchObject({
      code: "upstream_failed",
    });
    await ground.storage.put(key, body);
    await dueNow();
    expect((await scan()).missing).toBe(0);
    expect((await listArtifacts(ground, ME, id))[0]).not.toHaveProperty("missingSince");
  });
});

async function bill(id: string): Promise<void> {
  await ground.db.query(
    `insert into model_calls (id, account_id, task_id, epoch, vendor, model, key, input, output, cache_read,
                              cache_write, cost_usd, status, duration_ms)
     values (gen_random_uuid(), $2, $1, 1, 'v', 'm', 'k', 1, 1, 0, 0, 0.01, 200, 5)`,
    [id, ME],
  );
}

/** Every table of the database in which the task's id stands anywhere. */
async function traces(id: string): Promise<string[]> {
  const { rows } = await ground.db.query<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema in ('public', 'pgboss') order by 1`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const hits = await ground.db.query(`select from ${name} r where r::text like '%' || $1 || '%' limit 1`, [
      id,
    ]);
    if (hits.rowCount === 1) found.push(name.replace("public.", ""));
  }
  return found;
}
