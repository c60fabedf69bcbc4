import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@agency/client";
import type { Client } from "@agency/client";
import type { TaskEvent } from "@agency/contract";
import { createApiKeys } from "@agency/control";
import { createApiKeyStore, openDatabase } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { createTestDatabase, startGitHost } from "@agency/testing";
import type { GitHost } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { makeRepository } from "./support/git-repository.ts";

const OTHER_ACCOUNT = "00000000-0000-7000-8000-0000000000aa";
const CONFIG = { ".agency/config.json": JSON.stringify({ caches: ["~/.npm", "~/.cache/made"] }) };

let folder: string;
let host: GitHost;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Database;
let agency: Agency;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-caches-"));
  for (const name of ["one", "two", "hostile"])
    await makeRepository(join(folder, `open/${name}.git`), CONFIG);
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

async function run(name: string, command: string, client = agency.client) {
  const repository = { url: `${host.origin}/open/${name}.git` };
  const { id } = await client.createTask({ prompt: "Work.", engine: "command", command, repository });
  const events: TaskEvent[] = [];
  for await (const event of client.events(id)) events.push(event);
  const said = events.flatMap((event) => (event.type === "log" ? [event.data.text] : [])).join("\n");
  const told = events.flatMap((event) => (event.type === "notice" ? [event.data.text] : [])).join("\n");
  const story = events.map(({ type, data }) => `${type} ${JSON.stringify(data)}`).join("\n");
  expect((await client.getTask(id)).state, story).toBe("completed");
  return { said, told };
}

/** Of another account on the same server. */
async function stranger(): Promise<Client> {
  await db.query("insert into accounts (id, name) values ($1, 'other')", [OTHER_ACCOUNT]);
  const pepper = Buffer.from((await readFile(join(agency.home, "secret"), "utf8")).trim(), "hex");
  const keys = createApiKeys({ store: createApiKeyStore(db), pepper, now: Date.now });
  return createClient({ baseUrl: agency.url, apiKey: await keys.create(OTHER_ACCOUNT, "other", Date.now()) });
}

const LOOK = "cat ~/.npm/kept 2>/dev/null || echo nothing here";

describe("the caches of a repository", { timeout: 120_000 }, () => {
  it("come to its next task as the last one left them, and to nobody else", async () => {
    const first = await run("one", `${LOOK}; mkdir -p ~/.cache/made/x; echo one > ~/.npm/kept`);
    expect(first.said).toContain("nothing here");
    expect(first.told).toContain("caches ~/.npm, ~/.cache/made, empty so far");
    const second = await run("one", `${LOOK}; ls ~/.cache/made; echo two > ~/.npm/kept`);
    expect(second.said).toContain("one\nx");
    expect(second.told).toContain("the caches ~/.npm, ~/.cache/made of earlier tasks");
    expect((await run("two", LOOK)).said).toContain("nothing here");
    const other = await stranger();
    expect((await run("one", `${LOOK}; echo poison > ~/.npm/kept`, other)).said).toContain("nothing here");
    expect((await run("one", LOOK)).said).toContain("two");
  });

  it("may hold what a hijacked agent likes: nothing of it is followed or run outside", async () => {
    const outside = join(folder, "outside");
    await writeFile(outside, "as it was", { mode: 0o600 });
    const evil = [
      `ln -s ${outside} ~/.npm/link`,
      `ln -s ${folder} ~/.npm/folder`,
      "mkfifo ~/.npm/pipe",
      `printf '#!/bin/sh\\necho ran >> ${outside}\\n' > ~/.npm/du; chmod 4755 ~/.npm/du`,
      "mkdir ~/.npm/closed; touch ~/.npm/closed/file; chmod 0 ~/.npm/closed",
      "rmdir /opt/agency/caches/.cache%2Fmade; ln -s /workspace /opt/agency/caches/.cache%2Fmade",
    ];
    await run("hostile", evil.join("\n"));
    const { said, told } = await run("hostile", "ls -A ~/.npm; ls ~/.npm/closed; ls -A ~/.cache || true");
    expect(said.split("\n")).toEqual(expect.arrayContaining(["link", "pipe", "du", "file"]));
    expect(said).not.toContain("made");
    expect(told).toContain("not prepared: caches ~/.cache/made (something else is there)");
    expect((await stat(outside)).mode & 0o777).toBe(0o600);
    expect((await stat(outside)).size).toBe("as it was".length);
    expect((await stat(join(agency.home, "caches"))).mode & 0o077).toBe(0);
    expect(await readdir(join(agency.home, "caches", "lent"))).toEqual([]);
  });
});
