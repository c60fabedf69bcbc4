import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDatabase } from "@agency/postgres";
import { createTestDatabase } from "@agency/testing";
import { Agency } from "./support/agency.ts";
import { makeHome } from "./support/home.ts";

const TASKS = 200;
/** Less than the two workers could carry together, more than one of them can. */
const LIMIT = 3;
const EACH = 2;

interface Row {
  task_id: string;
  state: string;
  from_at: Date;
  to_at: Date;
  runs: number;
}

/** Exact, from the database's own record of when each attempt began and ended. */
function mostAtOnce(rows: readonly Row[]): number {
  const moments = rows.flatMap((row) => [
    { at: row.from_at.getTime(), change: 1 },
    { at: row.to_at.getTime(), change: -1 },
  ]);
  let running = 0;
  let most = 0;
  for (const { change } of moments.toSorted((a, b) => a.at - b.at || a.change - b.change)) {
    running += change;
    most = Math.max(most, running);
  }
  return most;
}

describe("two workers on one database", () => {
  it("run each of 200 short tasks exactly once and never more than the account's limit", async () => {
    const home = await makeHome();
    const database = await createTestDatabase();
    const env = {
      DATABASE_URL: database.connectionString,
      AGENCY_MAX_RUNNING: String(EACH),
      AGENCY_MAX_RUNNING_PER_ACCOUNT: String(LIMIT),
    };
    await using first = await Agency.start({ home, env });
    await using second = await Agency.start({ home, env });
    const db = openDatabase({ connectionString: database.connectionString, max: 2 });
    const { client } = first;
    const ids: string[] = [];
    for (let i = 0; i < TASKS; i += 1) {
      const task = await client.createTask({ prompt: `task ${i}`, engine: "command", command: "echo ran" });
      ids.push(task.id);
    }
    for (const id of ids) await first.finished(id);
    const { rows } = await db.query<Row>(
      `select t.id as task_id, t.state, a.created_at as from_at, a.finished_at as to_at,
         (select count(*) from events e where e.task_id = t.id and e.type = 'log' and e.data->>'text' like 'ran%') as runs
       from tasks t join attempts a on a.task_id = t.id where not t.hidden`,
    );
    await db.close();
    expect(rows.map((row) => row.task_id).toSorted()).toEqual(ids.toSorted());
    expect(rows.filter((row) => row.runs !== 1 || row.state !== "completed")).toEqual([]);
    const most = mostAtOnce(rows);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(LIMIT);
    const carried = (agency: Agency) =>
      ids.filter((id) => agency.log.some((line) => line.includes("carried a task") && line.includes(id)))
        .length;
    expect([carried(first), carried(second)].every((count) => count > 0)).toBe(true);
    await first.clear();
    await first.stop();
    await second.stop();
    await database.drop();
    await rm(home, { recursive: true, force: true });
  }, 400_000);

  it("adopt a task whose worker was killed: the sandbox lives on, nothing runs twice", async () => {
    const home = await makeHome();
    const database = await createTestDatabase();
    const env = { DATABASE_URL: database.connectionString };
    const first = await Agency.start({ home, env });
    const { id } = await first.client.createTask({
      prompt: "x",
      engine: "command",
      command: "echo began; until [ -e /workspace/go ]; do sleep 0.1; done; echo ended",
    });
    await first.event(id, "log", (data) => data.text.includes("began"));
    await using second = await Agency.start({ home, env });
    await first.kill();
    const [sandbox = ""] = await readdir(join(home, "sandboxes"));
    await writeFile(join(home, "sandboxes", sandbox, "workspace", "go"), "");
    const { task, events } = await second.finished(id);
    expect(task, await second.story(id)).toMatchObject({
      state: "completed",
      attempt: 1,
      result: { files: 1 },
    });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
    const said = events.flatMap((event) => (event.type === "log" ? event.data.text.trim().split("\n") : []));
    expect(said).toEqual(["began", "ended"]);
    expect(second.log.some((line) => line.includes("adopted a task under way"))).toBe(true);
    await second.clear();
    await second.stop();
    await database.drop();
    await rm(home, { recursive: true, force: true });
  }, 60_000);
});
