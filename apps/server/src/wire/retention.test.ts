import { archiveDue, createArchivedEvents } from "@agency/control";
import type { EventArchive, Storage } from "@agency/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRetentionGround } from "./testing/retention-ground.ts";
import type { RetentionGround } from "./testing/retention-ground.ts";

let ground: RetentionGround;
beforeAll(async () => {
  ground = await openRetentionGround();
});
afterAll(() => ground.close());

type Over = Partial<{ archive: EventArchive; storage: Storage }>;
const archiveAll = (over: Over = {}) =>
  archiveDue(
    { rows: ground.rows, archive: ground.archive, storage: ground.storage, ...over },
    Date.now(),
    ground.signal,
  );

async function countOf(table: string, id: string): Promise<number> {
  const { rows } = await ground.db.query<{ n: number }>(
    `select count(*)::int as n from ${table} where task_id = $1`,
    [id],
  );
  return rows[0]?.n ?? -1;
}

async function segmentKeys(id: string): Promise<string[]> {
  return (await ground.storage.list(`tasks/${id}/segments`)).objects.map(({ key }) => key);
}

describe("events of a task that has ended", () => {
  it("move to storage and read byte for byte as before, in pages of any size, from anywhere, by type", async () => {
    const id = await ground.startedTask(14_000);
    await ground.end(id);
    const before = await ground.wholeLog(id);
    const types = ["log"] as const;
    const logsBefore = await ground.rows.read(id, 7, 100, types);
    await archiveAll();
    expect([await countOf("events", id), await countOf("event_segments", id)]).toEqual([0, 2]);
    for (const page of [37, 500, 100_000]) expect(await ground.wholeLog(id, page)).toEqual(before);
    const reader = createArchivedEvents(ground);
    for (const after of [0, 1, 6_999, 13_990, before.length - 1, before.length, 1e9]) {
      const { events, lastSeq, firstSeq } = await reader.read(id, after, 20);
      expect(events.map((event) => JSON.stringify(event))).toEqual(before.slice(after, after + 20));
      expect({ lastSeq, firstSeq }).toEqual({ lastSeq: before.length, firstSeq: 1 });
    }
    expect((await reader.read(id, 7, 100, types)).events).toEqual(logsBefore.events);
    const task = await ground.tasks.load(id);
    expect(task?.lastEventAt).toBe(Date.parse(String(JSON.parse(before.at(-1) ?? "").at)));
  });

  it("are read in pages of so many bytes, whether they have moved or not", async () => {
    const id = await ground.startedTask(300);
    await ground.end(id);
    const before = await ground.wholeLog(id);
    const pages = async () => {
      const reader = createArchivedEvents(ground);
      const lines: string[] = [];
      let most = 0;
      while (lines.length < before.length) {
        const { events } = await reader.read(id, lines.length, 1_000, undefined, { mostBytes: 10_000 });
        const page = events.map((event) => JSON.stringify(event));
        expect(page).not.toEqual([]);
        most = Math.max(most, page.slice(0, -1).join("").length);
        lines.push(...page);
      }
      expect(lines).toEqual(before);
      return most;
    };
    expect(before.join("").length).toBeGreaterThan(40_000);
    await pages();
    await archiveAll();
    expect(await countOf("events", id)).toBe(0);
    expect(await pages()).toBeLessThan(10_000);
  });

  it("stay where they are while the task is alive, or has only just ended", async () => {
    const living = await ground.startedTask(10);
    const fresh = await ground.startedTask(10);
    await ground.end(fresh, 0);
    const { rows, archive, storage, signal } = ground;
    await archiveDue({ rows, archive, storage }, Date.now() - 3_600_000, signal);
    expect([await countOf("event_segments", living), await countOf("event_segments", fresh)]).toEqual([0, 0]);
  });

  it("are neither lost nor doubled by a crash at any step", async () => {
    const steps = ["announce", "write", "written", "add", "added", "remove", "removed"] as const;
    for (const step of steps) {
      const id = await ground.startedTask(9_000);
      await ground.end(id);
      const before = await ground.wholeLog(id);
      await expect(archiveAll(crashingAt(step))).rejects.toThrow(`crash at ${step}`);
      expect(await ground.wholeLog(id)).toEqual(before);
      await archiveAll();
      expect(await ground.wholeLog(id)).toEqual(before);
      expect(await countOf("events", id)).toBe(0);
    }
  });

  it("are archived once by two servers at the same time, whose readers notice nothing", async () => {
    const id = await ground.startedTask(20_000);
    await ground.end(id);
    const before = await ground.wholeLog(id);
    const [, , seen] = await Promise.all([archiveAll(), archiveAll(), ground.wholeLog(id, 100)]);
    await archiveAll();
    expect(seen).toEqual(before);
    expect(await ground.wholeLog(id)).toEqual(before);
    const { rows } = await ground.db.query<{ n: number }>(
      "select sum(last_seq - first_seq + 1)::int as n from event_segments where task_id = $1",
      [id],
    );
    expect(rows[0]?.n).toBe(before.length);
  });

  it("are an error that names the segment when it is damaged or gone, never a gap", async () => {
    const id = await ground.startedTask(2_000);
    await ground.end(id);
    await archiveAll();
    const [key = ""] = await segmentKeys(id);
    const damage = async (body: Uint8Array) => {
      await ground.storage.put(key, body);
      return expect(ground.wholeLog(id)).rejects.toMatchObject({
        code: "upstream_failed",
        message: expect.stringContaining(key),
      });
    };
    const whole = (await ground.storage.get(key)) ?? new Uint8Array();
    await damage(whole.subarray(0, whole.length - 1));
    await damage(new Uint8Array(whole.length));
    await ground.storage.delete(key);
    await expect(ground.wholeLog(id)).rejects.toThrow("it is not in the storage any more");
    await ground.storage.put(key, whole);
    expect(await ground.wholeLog(id)).toHaveLength(2_004);
  });
});

/** Dies once, before or after what the step is called after. */
function crashingAt(step: string): Over {
  const crash = (at: string) => {
    if (at === step) throw new Error(`crash at ${at}`);
  };
  const { archive, storage } = ground;
  return {
    storage: {
      ...storage,
      async write(...given: Parameters<Storage["write"]>) {
        crash("write");
        const written = await storage.write(...given);
        crash("written");
        return written;
      },
    },
    archive: {
      ...archive,
      async announce(...given) {
        crash("announce");
        await archive.announce(...given);
      },
      async add(segment) {
        crash("add");
        const added = await archive.add(segment);
        crash("added");
        return added;
      },
      async removeRows(...given) {
        crash("remove");
        const removed = await archive.removeRows(...given);
        crash("removed");
        return removed;
      },
    },
  };
}
