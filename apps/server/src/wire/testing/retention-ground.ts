import { randomUUID } from "node:crypto";
import { createArchivedEvents, systemClock, uuidv7 } from "@agency/control";
import type { EventArchive, EventRows, NewTask, ReadyEvent, Storage, TaskCommand } from "@agency/core";
import {
  createArtifactStore,
  createEventArchive,
  createEventStore,
  createQueue,
  createRemovalStore,
  createRetentionStore,
  createStorageScan,
  createTaskStore,
  createUploadStore,
  DEFAULT_ACCOUNT_ID,
  openDatabase,
} from "@agency/postgres";
import { createMemoryStorage, createTestDatabase, PLAIN_SPEC } from "@agency/testing";
import { createSilentLogger } from "../../http/testing/silent-logger.ts";

const STARTED: TaskCommand[] = [
  { kind: "claim" },
  { kind: "provisioned", epoch: 1 },
  { kind: "hello", epoch: 1 },
];
const at = "2026-11-21T10:00:00.000Z";
const sleeping = new AbortController().signal;

/** The real stores over a real database, with storage that is in memory. */
export async function openRetentionGround() {
  const home = await createTestDatabase();
  const db = openDatabase({ connectionString: home.connectionString, max: 8 });
  const storage = createMemoryStorage();
  const queue = createQueue({ db, logger: createSilentLogger(), maxRunning: 10 });
  const tasks = createTaskStore(db, queue);
  const artifacts = createArtifactStore(db);
  const uploads = createUploadStore(db);
  const rows = createEventStore(db, systemClock);
  const archive = createEventArchive(db);
  const must = (outcome: { ok: boolean }) => {
    if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  };

  async function createTask(more: Partial<NewTask["spec"]> = {}): Promise<string> {
    const id = uuidv7(Date.now());
    const task = { prompt: "do it", engine: "claude", model: null, provider: "local", labels: {} };
    const rest = { priority: 0, notBefore: null, parentId: null, hidden: false, secrets: [], audit: null };
    const spec = { ...PLAIN_SPEC, ...more };
    const made = await tasks.create(
      { id, accountId: DEFAULT_ACCOUNT_ID, name: "a task", spec, ...task, ...rest },
      { route: "tasks", key: id, fingerprint: new Uint8Array(32) },
    );
    if (made.kind !== "created") throw new Error(made.kind);
    return id;
  }

  /** A task of epoch 1 whose runner has said `count` events, not ended yet. */
  async function startedTask(count: number, more: Partial<NewTask["spec"]> = {}): Promise<string> {
    const id = await createTask(more);
    for (const command of STARTED) must(await tasks.apply(id, command, Date.now()));
    for (let from = 1; from <= count; from += 1_000) {
      const events = Array.from({ length: Math.min(1_000, count - from + 1) }, (_, i) => say(from + i));
      const { verdict } = await rows.append({ taskId: id, epoch: 1, from, events });
      if (verdict !== "ok") throw new Error(verdict);
    }
    return id;
  }

  /** As if its end had been so many days ago. */
  async function end(id: string, daysAgo = 1): Promise<void> {
    const over = { kind: "end", epoch: 1, cause: "sandbox_lost", final: true } as const;
    must(await tasks.apply(id, over, Date.now()));
    await db.query("update tasks set finished_at = now() - $2 * interval '1 day' where id = $1", [
      id,
      daysAgo,
    ]);
  }

  async function keepBlob(id: string, kind: "file" | "checkpoint", name: string): Promise<string> {
    const blob = randomUUID();
    const key = `tasks/${id}/blobs/${blob}`;
    const limits = { lastsMs: 60_000, maxTaskBytes: 1e9, maxTaskBlobs: 100 };
    await artifacts.announce({ taskId: id, epoch: 1, key, again: key, bytes: 3, ...limits });
    const { sha256 } = await storage.write(key, bytesOf("abc"));
    const about = { taskId: id, epoch: 1, kind, name, key, bytes: 3, sha256: sha256 ?? "" };
    await artifacts.addBlob({ id: blob, ...about, mediaType: "text/plain", at: Date.now() });
    return blob;
  }

  async function keepCheckpoint(id: string, number: number, label: string | null = null): Promise<void> {
    const blob = await keepBlob(id, "checkpoint", `checkpoint ${number}`);
    const from = { base: "b", head: "h", branch: null, commit: "c", sessionId: null, engineVersion: null };
    const point = { taskId: id, epoch: 1, number, label, turn: number, blob, at: Date.now(), ...from };
    if ((await artifacts.addCheckpoint(point, 10)) !== "added") throw new Error("no checkpoint");
  }

  /** What somebody sent, of which there is no task yet. */
  async function keepUpload() {
    const id = randomUUID();
    const key = `uploads/${id}`;
    const { sha256 } = await storage.write(key, bytesOf("abc"));
    const about = { id, accountId: DEFAULT_ACCOUNT_ID, key, bytes: 3, sha256: sha256 ?? "" };
    await uploads.announce({ ...about, lastsMs: 60_000, maxBytes: 1e9, maxUploads: 100 });
    const at = Date.now();
    if (!(await uploads.add({ ...about, at, expiresAt: at + 60_000 }))) throw new Error("no upload");
    return { id, key, bytes: 3, sha256: about.sha256 };
  }

  /** A task that goes on from what somebody sent, and the key of that. */
  async function uploadedTask(): Promise<[id: string, key: string]> {
    const upload = await keepUpload();
    const from = { base: "b", head: "h", branch: null, commit: "c", sessionId: null, engineVersion: null };
    return [await startedTask(1, { upload: { ...upload, ...from } }), upload.key];
  }

  /** Through a new reader: nothing that an earlier read left in memory helps. */
  async function wholeLog(id: string, page = 500, over: Partial<Reading> = {}): Promise<string[]> {
    const reader = createArchivedEvents({ rows, archive, storage, ...over });
    const lines: string[] = [];
    for (;;) {
      const { events } = await reader.read(id, lines.length, page);
      if (events.length === 0) return lines;
      lines.push(...events.map((event) => JSON.stringify(event)));
    }
  }

  return {
    db,
    storage,
    queue,
    tasks,
    artifacts,
    rows,
    archive,
    retention: createRetentionStore(db),
    removals: createRemovalStore(db),
    scan: createStorageScan(db),
    signal: sleeping,
    createTask,
    startedTask,
    end,
    keepBlob,
    keepCheckpoint,
    keepUpload,
    uploadedTask,
    wholeLog,
    close: async () => {
      await db.close();
      await home.drop();
    },
  };
}

interface Reading {
  rows: EventRows;
  archive: EventArchive;
  storage: Storage;
}

export type RetentionGround = Awaited<ReturnType<typeof openRetentionGround>>;

/** Of several types, sizes and scripts. */
function say(n: number): ReadyEvent {
  if (n % 50 === 0)
    return { type: "log", at, data: { stream: "stdout", text: `größe ${n} 🚀 ${"x".repeat(n % 977)}` } };
  return {
    type: "notice",
    at,
    data: { level: "info", text: `event ${n}\n"quoted"`, z: 1, a: [n, null, 1.5] },
  };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
