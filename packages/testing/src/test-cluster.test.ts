import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { openDatabase } from "@agency/postgres";
import { createTestDatabase } from "./test-database.ts";

it("leaves neither server nor folder behind when the test run is killed", { timeout: 30_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "agency-tests-"));
  const module = JSON.stringify(new URL("test-cluster.ts", import.meta.url));
  const program = `
    import { spawnTestCluster } from ${module};
    console.log(await spawnTestCluster(${JSON.stringify(folder)}).url);
    await new Promise(() => setInterval(() => {}, 1000));`;
  const run = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(createInterface({ input: run.stdout }), "line");
  const socket = createConnection(join(folder, "run", "postgres", ".s.PGSQL.5432"));
  await once(socket, "connect");
  run.kill("SIGKILL");
  // The server ends every connection before it goes; its folder is removed last.
  await once(socket.resume(), "close");
  await expect
    .poll(() => access(folder).catch((error: Error) => error.message), { timeout: 10_000 })
    .toMatch("ENOENT");
});

it("gives every file a database of its own with the whole schema", async () => {
  const [a, b] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const [one, two] = [a, b].map(({ connectionString }) => openDatabase({ connectionString, max: 1 }));
  try {
    await one?.query("insert into accounts (id, name) values (gen_random_uuid(), 'only here')");
    const count = await two?.query("select count(*) as n from accounts");
    expect(count?.rows).toEqual([{ n: 1 }]);
    const jobs = await two?.query("select count(*) as n from pgboss.job");
    expect(jobs?.rows).toEqual([{ n: 0 }]);
  } finally {
    await Promise.all([one?.close(), two?.close()]);
    await Promise.all([a.drop(), b.drop()]);
  }
});
