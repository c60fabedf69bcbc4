import { randomUUID } from "node:crypto";
import type { ArtifactStore, BlobRow, NewTask, TaskCommand, TaskStore } from "@agency/core";
import { createTaskDatabase } from "@agency/testing";
import type { TaskDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { createAttemptStore } from "../attempts/store.ts";
import type { Database } from "../database.ts";
import { deletedBy, newTask } from "../tasks/testing/new-task.ts";
import { createArtifactStore } from "./store.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");
const DAY = 86_400_000;

let ground: TaskDatabase;
let db: Database;
let tasks: TaskStore;
let store: ArtifactStore;

beforeAll(async () => {
  ground = await createTaskDatabase();
  ({ db, tasks } = ground);
  store = createArtifactStore(db);
});
afterAll(() => ground.close());

async function apply(id: string, ...commands: TaskCommand[]): Promise<void> {
  for (const command of commands) {
    const outcome = await tasks.apply(id, command, NOW);
    if (!outcome.ok) throw new Error(`${command.kind} was refused: ${outcome.error.code}`);
  }
}

async function created(more: Partial<NewTask> = {}): Promise<string> {
  const outcome = await tasks.create(newTask(more), null);
  if (outcome.kind !== "created") throw new Error(outcome.kind);
  return outcome.task.id;
}

async function running(): Promise<string> {
  const id = await created();
  await apply(id, { kind: "claim" }, { kind: "provisioned", epoch: 1 }, { kind: "hello", epoch: 1 });
  return id;
}

const end = (id: string) => apply(id, { kind: "end", epoch: 1, cause: "timeout" });

const roomFor = { again: "-", lastsMs: DAY, maxTaskBytes: 1_000, maxTaskBlobs: 100 };

let clock = NOW;
function blobOf(taskId: string, more: Partial<BlobRow> = {}): Omit<BlobRow, "accountId"> {
  const id = randomUUID();
  clock += 1;
  return {
    id,
    taskId,
    epoch: 1,
    kind: "file",
    name: "a.txt",
    key: `tasks/${taskId}/blobs/${id}`,
    bytes: 10,
    sha256: "a".repeat(64),
    mediaType: "text/plain",
    at: clock,
    ...more,
  };
}

async function added(taskId: string, more: Partial<BlobRow> = {}): Promise<Omit<BlobRow, "accountId">> {
  const row = blobOf(taskId, more);
  await store.announce({ ...roomFor, ...row });
  expect(await store.addBlob(row)).toBe(true);
  return row;
}

const about = {
  turn: 1,
  base: "b",
  head: "h",
  branch: "main",
  commit: "c",
  sessionId: "s",
  engineVersion: "1",
};

async function checkpoint(taskId: string, number: number, label: string | null = null): Promise<string> {
  const { id } = await added(taskId, { kind: "checkpoint", name: "checkpoint" });
  const told = { ...about, taskId, epoch: 1, at: NOW, number, label, blob: id };
  expect(await store.addCheckpoint(told, 10)).toBe("added");
  return id;
}

const numbers = async (taskId: string) => (await store.checkpoints(taskId)).map(({ number }) => number);
async function waiting(): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
  );
  return rows[0]?.count ?? 0;
}
const orphaned = async () => new Set((await store.orphans(10_000)).map(({ key }) => key));
const resuming = (taskId: string, number = 1): Partial<NewTask> => ({
  spec: { ...newTask().spec, resume: { taskId, checkpoint: number, fork: false } },
});

describe("a blob", () => {
  it("is there once its object was announced and written, with its account", async () => {
    const id = await running();
    const row = await added(id);
    const kept = { ...row, accountId: DEFAULT_ACCOUNT_ID };
    expect(await store.blobs(id)).toEqual([kept]);
    expect(await store.blob(id, row.id)).toEqual(kept);
    expect(await store.blob(await running(), row.id)).toBeNull();
    expect((await orphaned()).has(row.key)).toBe(false);
  });

  it("replaces the one of its kind and name, whose object is collected", async () => {
    const id = await running();
    const first = await added(id, { name: "x".repeat(1024) });
    const other = await added(id, { kind: "log", name: "x".repeat(1024) });
    const second = await added(id, { name: "x".repeat(1024) });
    expect((await store.blobs(id)).map((row) => row.id)).toEqual([other.id, second.id]);
    expect(await orphaned()).toContain(first.key);
    await store.forget([first.key, second.key]);
    expect((await orphaned()).has(first.key)).toBe(false);
    expect(await store.blobs(id)).toHaveLength(2);
  });

  it.each<[string, (id: string) => Promise<unknown>]>([
    ["of an attempt that ended", end],
    ["of an epoch that is over", (id) => db.query("update tasks set epoch = 2 where id = $1", [id])],
  ])("%s is nobody's", async (_what, fence) => {
    const id = await running();
    const row = blobOf(id);
    expect(await store.announce({ ...roomFor, ...row })).toBe("announced");
    await fence(id);
    expect(await store.addBlob(row)).toBe(false);
    expect(await store.announce({ ...roomFor, ...blobOf(id) })).toBe("fenced");
    await store.abandon(row.key);
    expect(await orphaned()).toContain(row.key);
  });

  it("cannot be made of an object that is being collected, or was never announced", async () => {
    const id = await running();
    const [late, unknown] = [blobOf(id), blobOf(id)];
    await store.announce({ ...roomFor, ...late, lastsMs: -1 });
    expect(await orphaned()).toContain(late.key);
    expect(await store.addBlob(late)).toBe(false);
    expect(await store.addBlob(unknown)).toBe(false);
    const others = await running();
    const theirs = blobOf(others);
    await store.announce({ ...roomFor, ...theirs });
    expect(await store.addBlob(blobOf(id, { key: theirs.key }))).toBe(false);
  });

  it("is not made of an object that was given to the collector while it waited for its task", async () => {
    const id = await running();
    const row = blobOf(id);
    await store.announce({ ...roomFor, ...row });
    const [held, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holding = db.tx(async (tx) => {
      await tx.query("select from tasks where id = $1 for update", [id]);
      held.resolve();
      await letGo.promise;
    });
    await held.promise;
    const adding = store.addBlob(row);
    await expect.poll(waiting).toBe(1);
    await db.query("update loose_objects set collect_at = now() where key = $1", [row.key]);
    expect(await orphaned()).toContain(row.key);
    letGo.resolve();
    await holding;
    expect(await adding).toBe(false);
    expect(await store.blobs(id)).toEqual([]);
  });

  it("keeps its object from the collector while it is being made, even when its time ends meanwhile", async () => {
    const id = await running();
    const row = blobOf(id);
    await store.announce({ ...roomFor, ...row, lastsMs: -1 });
    await db.tx(async (tx) => {
      await tx.query("delete from loose_objects where key = $1", [row.key]);
      expect((await orphaned()).has(row.key)).toBe(false);
    });
  });

  it("needs room, which uploads under way take, too", async () => {
    const id = await running();
    await added(id, { bytes: 400 });
    const uploads = Array.from({ length: 8 }, () => blobOf(id, { bytes: 200 }));
    const verdicts = await Promise.all(uploads.map((row) => store.announce({ ...roomFor, ...row })));
    expect(verdicts.filter((verdict) => verdict === "announced")).toHaveLength(3);
    const given = uploads.find((_, i) => verdicts[i] === "announced");
    await store.abandon(given?.key ?? "");
    expect(await store.announce({ ...roomFor, ...blobOf(id, { bytes: 200 }) })).toBe("announced");
    const few = { ...roomFor, maxTaskBlobs: 4 };
    expect(await store.announce({ ...few, ...blobOf(id, { bytes: 0 }) })).toBe("full");
  });
});

describe("a checkpoint", () => {
  it("is made of a blob of the same attempt, and told twice it is one", async () => {
    const id = await running();
    const blob = await checkpoint(id, 7);
    expect(await store.checkpoint(id, 1)).toBeNull();
    expect(await store.checkpoints(id)).toMatchObject([
      { ...about, taskId: id, number: 7, epoch: 1, blob, engine: "claude", bytes: 10, at: NOW },
    ]);
    const again = { ...about, taskId: id, epoch: 1, at: NOW, number: 7, label: null, blob };
    expect(await store.addCheckpoint(again, 10)).toBe("added");
    expect(await numbers(id)).toEqual([7]);
    expect(await store.checkpoint(id, 7)).toMatchObject({ blob });
  });

  it("shares its blob with others of the same state, each with its own name", async () => {
    const id = await running();
    const blob = await checkpoint(id, 1, "first name");
    const again = { ...about, taskId: id, epoch: 1, at: NOW, blob };
    expect(await store.addCheckpoint({ ...again, number: 2, label: "second name" }, 1)).toBe("added");
    expect(await store.addCheckpoint({ ...again, number: 3, label: null }, 1)).toBe("added");
    expect(await store.addCheckpoint({ ...again, number: 4, label: null }, 1)).toBe("added");
    expect(await store.checkpoints(id)).toMatchObject([
      { number: 4, label: null, blob },
      { number: 2, label: "second name", blob },
      { number: 1, label: "first name", blob },
    ]);
    expect(await store.blob(id, blob)).not.toBeNull();
  });

  it("takes its blob with it when it is the last one of it", async () => {
    const id = await running();
    const row = await store.blob(id, await checkpoint(id, 1));
    const again = { ...about, taskId: id, epoch: 1, at: NOW, blob: row?.id ?? "", label: null };
    await store.addCheckpoint({ ...again, number: 2 }, 2);
    const newest = await added(id, { kind: "checkpoint" });
    await store.addCheckpoint({ ...again, blob: newest.id, number: 3 }, 1);
    expect(await numbers(id)).toEqual([3]);
    expect(await store.blob(id, again.blob)).toBeNull();
    expect(await orphaned()).toContain(row?.key);
  });

  it("is one of at most a thousand", async () => {
    const id = await running();
    const blob = await checkpoint(id, 1, "kept");
    await db.query(
      `insert into checkpoints select task_id, n, epoch, n, label, turn, blob_id, base, head, branch, commit,
         session_id, engine_version, at from checkpoints, generate_series(2, 1000) n where task_id = $1`,
      [id],
    );
    const told = { ...about, taskId: id, epoch: 1, at: NOW, number: 1001, label: "more", blob };
    expect(await store.addCheckpoint(told, 10)).toBe("full");
  });

  it("is refused without one, of another's, and of a plain file", async () => {
    const id = await running();
    const used = await checkpoint(id, 1);
    const { id: file } = await added(id);
    const { id: theirs } = await added(await running(), { kind: "checkpoint" });
    for (const blob of [randomUUID(), file, theirs]) {
      const told = { ...about, taskId: id, epoch: 1, at: NOW, number: 2, label: null, blob };
      expect(await store.addCheckpoint(told, 10)).toBe("no_blob");
    }
    await end(id);
    const late = { ...about, taskId: id, epoch: 1, at: NOW, number: 3, label: null, blob: used };
    expect(await store.addCheckpoint(late, 10)).toBe("fenced");
  });

  it("has the number its attempt gave it, unless that is taken or far off", async () => {
    const id = await running();
    for (const number of [1, 2, 4]) await checkpoint(id, number);
    await db.query("update checkpoints set epoch = 0 where task_id = $1", [id]);
    await Promise.all([1, 2, 2_000_000_000].map((number) => checkpoint(id, number)));
    expect(await numbers(id)).toEqual([7, 6, 5, 4, 2, 1]);
  });

  it("is forgotten when it is old, unless it has a label or a task was started from it", async () => {
    const id = await running();
    await checkpoint(id, 1, "good");
    const second = await store.blob(id, await checkpoint(id, 2));
    await checkpoint(id, 3);
    const child = await created(resuming(id, 3));
    for (let number = 4; number <= 14; number += 1) await checkpoint(id, number);
    expect(await numbers(id)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 3, 1]);
    expect(await orphaned()).toContain(second?.key);
    await apply(child, { kind: "cancel", graceMs: 0 });
    await checkpoint(id, 15);
    expect(await numbers(id)).toContain(3);
    await tasks.delete(DEFAULT_ACCOUNT_ID, child, deletedBy());
    await checkpoint(id, 16);
    expect(await numbers(id)).not.toContain(3);
  });

  it("lets go of what was sent long before it and never told of", async () => {
    const id = await running();
    const lost = await added(id, { kind: "checkpoint", at: NOW - 3_700_000 });
    const recent = await added(id, { kind: "checkpoint" });
    await checkpoint(id, 1);
    expect(await store.blob(id, lost.id)).toBeNull();
    expect(await store.blob(id, recent.id)).not.toBeNull();
    expect(await orphaned()).toContain(lost.key);
  });
});

describe("deleting a task", () => {
  it("leaves no row, and every object to be collected", async () => {
    const id = await running();
    await checkpoint(id, 1);
    const row = await added(id);
    await end(id);
    expect(await tasks.delete(DEFAULT_ACCOUNT_ID, id, deletedBy())).toMatchObject({ kind: "deleted" });
    expect([await store.blobs(id), await store.checkpoints(id)]).toEqual([[], []]);
    expect(await orphaned()).toContain(row.key);
  });

  it("waits for the task that goes on from it", async () => {
    const id = await running();
    await checkpoint(id, 1);
    await end(id);
    const child = await created(resuming(id));
    expect(await tasks.delete(DEFAULT_ACCOUNT_ID, id, deletedBy())).toEqual({ kind: "needed", by: child });
    await apply(child, { kind: "cancel", graceMs: 0 });
    expect(await tasks.delete(DEFAULT_ACCOUNT_ID, id, deletedBy())).toMatchObject({ kind: "deleted" });
  });

  it("and going on from it at the same moment do not miss each other", async () => {
    for (let round = 0; round < 8; round += 1) {
      const id = await running();
      await checkpoint(id, 1);
      await end(id);
      const [made, gone] = await Promise.all([
        tasks.create(newTask(resuming(id)), null),
        tasks.delete(DEFAULT_ACCOUNT_ID, id, deletedBy()),
      ]);
      expect([made.kind, gone.kind]).toEqual(
        made.kind === "created" ? ["created", "needed"] : ["no_checkpoint", "deleted"],
      );
    }
  });
});

describe("a task that goes on from another one", () => {
  it("takes what was sent for the other one, which keeps it, as long as it is kept", async () => {
    const first = await created();
    const key = `uploads/${first}`;
    await db.query(
      `insert into blobs (id, task_id, account_id, epoch, kind, name, key, bytes, sha256, media_type, at)
       values ($1, $2, $3, 0, 'upload', 'upload.tar', $4, 1, 's', 'application/x-tar', now())`,
      [randomUUID(), first, DEFAULT_ACCOUNT_ID, key],
    );
    const { spec } = newTask();
    const sent = { base: "b", head: "h", branch: null, commit: "c", sessionId: null, engineVersion: null };
    const upload = { id: randomUUID(), key, bytes: 1, sha256: "s", ...sent };
    const resume = { taskId: first, checkpoint: 0, fork: false };
    const next = () => tasks.create(newTask({ spec: { ...spec, upload, resume } }), null);
    expect(await next()).toMatchObject({ kind: "created" });
    expect(await next()).toMatchObject({ kind: "created" });
    await db.query("update blobs set expired_at = now() where key = $1", [key]);
    expect(await next()).toEqual({ kind: "no_checkpoint" });
  });

  it("says from which, and needs a checkpoint of the same account", async () => {
    const id = await running();
    await checkpoint(id, 1);
    const child = await created(resuming(id));
    expect(await tasks.get(DEFAULT_ACCOUNT_ID, child)).toMatchObject({
      resumedFrom: { taskId: id, checkpoint: 1 },
      deliver: "files",
      checks: [],
    });
    const other = randomUUID();
    await db.query("insert into accounts (id, name) values ($1, 'other')", [other]);
    const wanted: Partial<NewTask>[] = [
      resuming(id, 2),
      resuming(randomUUID()),
      { ...resuming(id), accountId: other },
    ];
    for (const more of wanted) expect((await tasks.create(newTask(more), null)).kind).toBe("no_checkpoint");
  });
});

describe("asking for a checkpoint", () => {
  it("reaches the runner of a task under way, and nobody else's", async () => {
    const id = await running();
    const ask = { id: randomUUID(), label: "now" };
    expect(await store.askCheckpoint(id, ask)).toBe("asked");
    expect(await createAttemptStore(db).commandsAfter(id, null)).toEqual([{ ...ask, kind: "checkpoint" }]);
    expect(await store.askCheckpoint(await created(), { ...ask, id: randomUUID() })).toBe("not_running");
    await end(id);
    expect(await store.askCheckpoint(id, { ...ask, id: randomUUID() })).toBe("finished");
    expect(await store.askCheckpoint(randomUUID(), ask)).toBe("missing");
  });
});
