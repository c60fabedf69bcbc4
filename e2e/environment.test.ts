import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CreateTaskInput } from "@agency/contract";
import { openDatabase } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { createTestDatabase, startGitHost } from "@agency/testing";
import type { GitHost } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { git, makeRepository } from "./support/git-repository.ts";

const SERVICE = "echo the service is up; touch /tmp/up; exec sleep 4321";
const RUNS = "pgrep -f 'sleep 432[1]' > /dev/null";

let folder: string;
let host: GitHost;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Database;
let agency: Agency;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-environment-"));
  const config = {
    setup: "echo prepared > /tmp/setup",
    start: SERVICE,
    env: { COLOUR: "blue" },
    hooks: { "pre-run": "echo before $COLOUR", "post-run": `echo after; ${RUNS}` },
    limits: { wallMs: 600_000, costUsd: 0.5, turns: 100_000 },
    checks: [`! ${RUNS}`, "grep -q good README.md"],
  };
  const files = { "README.md": "good\n", ".agency/config.yaml": JSON.stringify(config) };
  await makeRepository(join(folder, "open/work.git"), files);
  host = await startGitHost(folder);
  database = await createTestDatabase();
  db = openDatabase({ connectionString: database.connectionString, max: 1 });
  const env = { AGENCY_INTERNAL_HOSTS: host.host, DATABASE_URL: database.connectionString };
  agency = await Agency.start({ env });
});

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await db?.close();
  await database?.drop();
  await host?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function run(command: string, more: Partial<CreateTaskInput> = {}) {
  const repository = { url: `${host.origin}/open/work.git` };
  const input = { prompt: "Work.", engine: "command", command, repository, ...more };
  const { id } = await agency.client.createTask(input);
  const { task, events } = await agency.finished(id);
  const said = events.flatMap((event) => (event.type === "log" ? [event.data.text] : [])).join("\n");
  const told = events.flatMap((event) => (event.type === "notice" ? [event.data.text] : [])).join("\n");
  const limits = events.flatMap((event) => (event.type === "limits" ? [event.data] : []));
  return { id, task, events, said, told, limits, story: () => agency.story(id) };
}

describe("the configuration of a repository", { timeout: 120_000 }, () => {
  it("is prepared, runs beside the agent, and has ended when the work is checked", async () => {
    const work = `until [ -e /tmp/up ]; do :; done; cat /tmp/setup; echo $COLOUR; ${RUNS} && echo it runs; echo more >> README.md`;
    const { task, said, told, story } = await run(work);
    expect(task.state, await story()).toBe("completed");
    for (const words of ["the service is up", "prepared", "before blue", "it runs", "after"])
      expect(said).toContain(words);
    expect(told).toContain(`1 setup command, the service ${JSON.stringify(SERVICE)}, which runs`);
    expect(told).toContain("limits, which are 10 min in all, 500 turns, $0.5 now");
    expect(task.result?.checks.map(({ passed }) => passed)).toEqual([true, true]);
  });

  it("lowers the limits of a task and raises none", async () => {
    const { task, limits, story } = await run("true", { limits: { wallMs: 60_000, turns: 7 } });
    expect(limits, await story()).toHaveLength(1);
    expect(limits[0]).toMatchObject({ by: "the repository" });
    expect(task.limits).toMatchObject({ wallMs: 60_000, turns: 7, costUsd: 0.5 });
    const lower = await run("true", { limits: { wallMs: 60_000, turns: 7, costUsd: 0.1 } });
    expect(lower.limits).toEqual([]);
    expect(lower.task.limits.costUsd).toBe(0.1);
  });

  it("is what was cloned, though a parent's agent made a weaker one and its runner says the work began there", async () => {
    const weaken =
      "echo 'checks: []' > .agency/config.yaml; echo bad > README.md; git add .; git commit -qm Weaker; echo x > x";
    const parent = await run(weaken);
    expect(parent.task, await parent.story()).toMatchObject({ state: "failed", reason: "checks_failed" });
    await db.query("update checkpoints set base = head where task_id = $1", [parent.id]);
    const child = await run("git log -1 --format=%s", { resume: { taskId: parent.id, fork: false } });
    expect(child.said, await child.story()).toContain("Weaker");
    expect(child.task).toMatchObject({ state: "failed", reason: "checks_failed" });
    expect(child.told).toContain("the configuration in what was restored is not the repository's: not read");
    expect(git(join(folder, "open/work.git"), "show", "main:README.md")).toBe("good");
  });
});
