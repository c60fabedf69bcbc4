import { randomUUID } from "node:crypto";
import type { Upload } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { createArtifactStore } from "./store.ts";
import { createUploadStore } from "./upload-store.ts";

const DAY = 86_400_000;
const limits = { lastsMs: DAY, maxTaskBytes: 1e9, maxTaskBlobs: 100, maxAccountBytes: 100 };
const ofPeople = { lastsMs: DAY, maxBytes: 1e9, maxUploads: 100, maxAccountBytes: 100 };

let home: TestDatabase;
let db: Database;
beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 12 });
});
afterEach(async () => {
  for (const table of ["tasks", "uploads", "loose_objects"]) await db.query(`delete from ${table}`);
});
afterAll(async () => {
  await db.close();
  await home.drop();
});

async function task(): Promise<string> {
  const id = randomUUID();
  await db.query(
    `insert into tasks (id, account_id, state, attempts_left, name, prompt, engine, provider, spec, created_at, epoch)
     values ($1, $2, 'running', 3, 'n', 'p', 'claude', 'local', '{}', now(), 1)`,
    [id, DEFAULT_ACCOUNT_ID],
  );
  return id;
}

function upload(taskId: string, bytes: number, name: string = randomUUID()): Upload & { id: string } {
  const id = randomUUID();
  const again = `tasks/${taskId}/blobs/${name}-`;
  return { id, taskId, epoch: 1, key: `${again}${id}`, again, bytes, ...limits };
}

function ofAccount(bytes: number) {
  const id = randomUUID();
  return {
    id,
    accountId: DEFAULT_ACCOUNT_ID,
    key: `uploads/${id}`,
    bytes,
    sha256: "a".repeat(64),
    ...ofPeople,
  };
}

const about = { kind: "file", sha256: "a".repeat(64), mediaType: "text/plain", at: Date.now() } as const;

describe("the room of an account", () => {
  it("is taken before the upload, so that a hundred at once do not pass it together, whatever task they are of", async () => {
    const store = createArtifactStore(db);
    const ids = await Promise.all(Array.from({ length: 10 }, task));
    const all = ids.flatMap((id) => Array.from({ length: 3 }, () => upload(id, 20)));
    const verdicts = await Promise.all(all.map((one) => store.announce(one)));
    expect(verdicts.filter((verdict) => verdict === "announced")).toHaveLength(5);
    expect(verdicts.filter((verdict) => verdict === "no_room")).toHaveLength(25);
  });

  it("is not kept from a file by what dead servers began to take of it", async () => {
    const store = createArtifactStore(db);
    const [own, other] = [await task(), await task()];
    for (const _ of [1, 2, 3, 4, 5])
      expect(await store.announce(upload(own, 60, "checkpoint"))).toBe("announced");
    expect(await store.announce(upload(own, 60, "another"))).toBe("no_room");
    expect(await store.announce(upload(other, 60, "checkpoint"))).toBe("no_room");
    expect(await store.announce(upload(own, 101, "checkpoint"))).toBe("no_room");
    const few = { ...upload(own, 60, "checkpoint"), maxTaskBytes: 60, maxTaskBlobs: 1 };
    expect(await store.announce(few)).toBe("announced");
    expect(await store.announce({ ...upload(own, 40, "another"), maxTaskBytes: 60 })).toBe("full");
  });

  it("is counted once for an upload that becomes a blob, and is free again when either is gone", async () => {
    const store = createArtifactStore(db);
    const id = await task();
    const first = upload(id, 60);
    expect(await store.announce(first)).toBe("announced");
    await store.addBlob({ ...about, ...first, name: "a" });
    expect(await store.announce(upload(id, 41))).toBe("no_room");
    const second = upload(id, 40);
    expect(await store.announce(second)).toBe("announced");
    expect(await store.announce(upload(id, 1))).toBe("no_room");
    await store.abandon(second.key);
    expect(await store.announce(upload(id, 40))).toBe("announced");
    await db.query("update blobs set expired_at = now()");
    expect(await store.announce(upload(id, 60))).toBe("announced");
  });

  it("is the same for what people send, on its way and waiting for its task", async () => {
    const [store, uploads] = [createArtifactStore(db), createUploadStore(db)];
    const sent = ofAccount(90);
    expect(await uploads.announce(sent)).toBe("announced");
    expect(await uploads.announce(ofAccount(11))).toBe("no_room");
    expect(await uploads.announced(DEFAULT_ACCOUNT_ID, sent.id)).toMatchObject({ key: sent.key, bytes: 90 });
    expect(await uploads.announced(randomUUID(), sent.id)).toBeNull();
    expect(await uploads.add({ ...sent, at: Date.now(), expiresAt: Date.now() + DAY })).toBe(true);
    expect(await uploads.announced(DEFAULT_ACCOUNT_ID, sent.id)).toBeNull();
    expect(await store.announce(upload(await task(), 11))).toBe("no_room");
    await uploads.abandon(sent.key);
    expect(await store.announce(upload(await task(), 100))).toBe("announced");
  });

  it("has no end where none is set", async () => {
    const { maxAccountBytes: _, ...open } = upload(await task(), 1e8);
    expect(await createArtifactStore(db).announce(open)).toBe("announced");
  });
});

describe("an object that cannot be deleted", () => {
  it("gives the others their turn, and has another one later", async () => {
    const store = createArtifactStore(db);
    await db.query("insert into loose_objects (key, collect_at) values ('a', now()), ('b', now())");
    await store.postpone(["a"], DAY);
    expect(await store.orphans(10)).toEqual([{ key: "b" }]);
    await store.postpone(["a"], -1);
    expect(await store.orphans(10)).toHaveLength(2);
  });
});
