import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { embeddedLab, FAST, isRoot, nobody, ordinaryUser, query, recordingLogger } from "./test-support.ts";

const lab = embeddedLab();
const KEEP =
  "const s = await start(); say({ pid: s.pid }); await new Promise((r) => process.stdin.on('close', r));";

describe("a first start", () => {
  it("makes a UTF-8 database that sorts like C, on a socket only its own users can enter", async () => {
    const home = await lab.folder();
    const server = await lab.start(home);
    const [row] = await query(
      server,
      `select current_user as name, current_setting('listen_addresses') as tcp, current_setting('TimeZone') as zone,
         current_setting('data_checksums') as checksums, lower('ÄÖ') as lower, 'a' > 'B' as c_order`,
    );
    expect(row).toEqual({
      name: "agency",
      tcp: "",
      zone: "UTC",
      checksums: "on",
      lower: "äö",
      c_order: true,
    });
    expect((await stat(server.host)).mode & 0o777).toBe(0o700);
    expect((await stat(join(home, "data", "cluster"))).mode & 0o777).toBe(0o700);
    const owner = (await stat(`/proc/${server.pid}`)).uid;
    expect(owner).toBe(isRoot ? nobody.uid : process.getuid?.());
  });

  it("leaves fsync on unless told otherwise", async () => {
    const server = await lab.start(await lab.seeded(), { settings: {} });
    expect(await query(server, "show fsync")).toEqual([{ fsync: "on" }]);
  });

  it("begins anew after an initdb that was cut off half-way", async () => {
    const home = await lab.folder();
    await mkdir(join(home, "data", "cluster.new-x1y2z3", "base"), { recursive: true });
    await writeFile(join(home, "data", "cluster.new-x1y2z3", "PG_VERSION"), "18\n");
    await lab.start(home);
    expect((await readdir(join(home, "data"))).filter((name) => name.includes("new-"))).toEqual([]);
  });

  it("puts the socket into a short folder when the runtime path is too long for one", async () => {
    const home = await lab.seeded();
    const server = await lab.start(home, { runtimeDir: join(home, "r".repeat(90)) });
    expect(server.host).toMatch(/^\/tmp\/agency-pg-[0-9a-f]{12}$/);
    expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
    await server.stop();
    await rm(server.host, { recursive: true });
  });

  it("runs as an ordinary user, too, from programs that are not its own", async () => {
    const home = await lab.folder();
    await chmod(home, 0o777);
    const child = lab.child(
      home,
      "const s = await start(); say({ uid: process.getuid(), pid: s.pid }); await s.stop(); say('stopped');",
      await ordinaryUser(),
    );
    const { uid } = await child.hear();
    expect(uid).not.toBe(0);
    expect(await child.hear()).toBe("stopped");
  });
});

describe("a stop", () => {
  it("keeps the data for the next start and resolves `exited` as expected", async () => {
    const home = await lab.seeded();
    const first = await lab.start(home);
    await query(first, "create table kept as select 42 as answer");
    await first.stop();
    expect(await first.exited).toEqual({ expected: true, detail: "exit code 0" });
    const second = await lab.start(home);
    expect(second.adopted).toBe(false);
    expect(await query(second, "select * from kept")).toEqual([{ answer: 42 }]);
  });

  it("resolves `exited` when the server dies by itself", async () => {
    const server = await lab.start(await lab.seeded());
    process.kill(server.pid, "SIGKILL");
    expect(await server.exited).toEqual({ expected: false, detail: "ended by SIGKILL" });
  });
});

describe("a supervisor that was killed", () => {
  it("leaves its server to be adopted, with everything it was told in between", async () => {
    const home = await lab.seeded();
    const child = lab.child(home, KEEP);
    const { pid } = await child.hear();
    child.process.kill("SIGKILL");
    await child.ended;
    const server = await lab.start(home);
    expect(server).toMatchObject({ pid, adopted: true });
    await server.stop();
    expect((await server.exited).expected).toBe(true);
  });

  it("leaves a server that is replaced when its settings are not the ones we want", async () => {
    const home = await lab.seeded();
    const child = lab.child(home, KEEP);
    const { pid } = await child.hear();
    child.process.kill("SIGKILL");
    await child.ended;
    const server = await lab.start(home, { settings: { ...FAST, max_connections: "7" } });
    expect(server.adopted).toBe(false);
    expect(server.pid).not.toBe(pid);
    expect(await query(server, "show max_connections")).toEqual([{ max_connections: "7" }]);
  });

  it("leaves a server whose socket vanished with the runtime folder to be replaced", async () => {
    const home = await lab.seeded();
    const child = lab.child(home, KEEP);
    const { pid } = await child.hear();
    child.process.kill("SIGKILL");
    await child.ended;
    await rm(join(home, "run"), { recursive: true });
    const server = await lab.start(home);
    expect(server.pid).not.toBe(pid);
    expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("is noticed as dead by an adopter, even when the server dies afterwards", async () => {
    const home = await lab.seeded();
    const child = lab.child(home, KEEP);
    await child.hear();
    child.process.kill("SIGKILL");
    await child.ended;
    const server = await lab.start(home);
    process.kill(server.pid, "SIGKILL");
    expect((await server.exited).expected).toBe(false);
  });
});

describe("what a crash leaves behind", () => {
  it("never takes an unrelated process with the recorded pid for the server, nor ends it", async () => {
    const home = await lab.seeded();
    // The same user as the server's: PostgreSQL itself would refuse to start over it.
    const bystander = spawn("sleep", ["600"], isRoot ? nobody : {});
    await once(bystander, "spawn");
    try {
      const cluster = join(home, "data", "cluster");
      const lines = [
        bystander.pid,
        cluster,
        1_700_000_000,
        5432,
        join(home, "run", "postgres"),
        "",
        "",
        "ready   ",
      ];
      await writeFile(join(cluster, "postmaster.pid"), lines.join("\n"));
      const server = await lab.start(home);
      expect(server.pid).not.toBe(bystander.pid);
      expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    } finally {
      bystander.kill("SIGKILL");
    }
  });

  it("waits for the last process of a killed server to let go of its memory", async () => {
    const home = await lab.seeded();
    const server = await lab.start(home);
    const client = new Client({ connectionString: server.connectionString });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const backend = rows[0]?.pid ?? 0;
    process.kill(backend, "SIGSTOP");
    process.kill(server.pid, "SIGKILL");
    await server.stop();
    const logger = recordingLogger();
    const waited = logger.next(/Waiting for the last process/);
    const starting = lab.start(home, { logger });
    await waited;
    process.kill(backend, "SIGKILL");
    expect(await query(await starting, "select 1 as one")).toEqual([{ one: 1 }]);
    await client.end().catch(() => undefined);
  });
});

describe("a folder that cannot be used", () => {
  it("is refused while another supervisor holds it, naming its process", async () => {
    const home = await lab.seeded();
    const child = lab.child(home, KEEP);
    const { pid } = await child.hear();
    await expect(lab.start(home)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(`Another Agency (process ${child.process.pid})`),
      next: expect.stringContaining("agency down"),
    });
    await access(`/proc/${Number(pid)}`);
    child.process.kill("SIGKILL");
    await child.ended;
    await (await lab.start(home)).stop();
  });

  it("is refused to a second start in the same process, and free after the first one's stop", async () => {
    const home = await lab.seeded();
    const [a, b] = await Promise.allSettled([lab.start(home), lab.start(home)]);
    const states = [a.status, b.status].toSorted();
    expect(states).toEqual(["fulfilled", "rejected"]);
  });

  it("is refused when another major version made it", async () => {
    const home = await lab.folder();
    await mkdir(join(home, "data", "cluster"), { recursive: true });
    await writeFile(join(home, "data", "cluster", "PG_VERSION"), "17\n");
    await expect(lab.start(home)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/made by PostgreSQL 17; this Agency brings PostgreSQL 18/),
    });
  });

  it("is refused when it is no database", async () => {
    const home = await lab.folder();
    await mkdir(join(home, "data", "cluster"), { recursive: true });
    await writeFile(join(home, "data", "cluster", "notes.txt"), "mine");
    await expect(lab.start(home)).rejects.toMatchObject({
      message: expect.stringContaining("not a database folder"),
    });
    expect(await readFile(join(home, "data", "cluster", "notes.txt"), "utf8")).toBe("mine");
  });

  it("is refused when a file stands in its way", async () => {
    const home = await lab.folder();
    await writeFile(join(home, "data"), "");
    await expect(lab.start(home)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("cannot be written"),
    });
  });

  it("is refused to a user who may not write it", async () => {
    const home = await lab.folder();
    await mkdir(join(home, "data"), { mode: 0o555 });
    const child = lab.child(home, "await start()", await ordinaryUser());
    expect(await child.hear()).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("(EACCES)"),
    });
  });

  it("is refused when the disk is full, and leaves nothing half-made", async () => {
    const home = await lab.folder();
    await mkdir(join(home, "data"));
    const caps = isRoot ? ["--cap-add", "ALL"] : [];
    const prefix = [
      "bwrap",
      ...caps,
      "--dev-bind",
      "/",
      "/",
      "--size",
      "25000000",
      "--tmpfs",
      join(home, "data"),
      "--",
    ];
    const list = "import('node:fs').then((fs) => say(fs.readdirSync(options.dataDir)))";
    const child = lab.child(
      home,
      `await start({ settings: {} }).catch((e) => say({ message: e.message })); await ${list}`,
      {
        prefix,
      },
    );
    expect(await child.hear()).toMatchObject({ message: expect.stringMatching(/disk holding .* is full/) });
    const left = await child.hear();
    expect(Object.values(left).filter((name) => String(name).startsWith("cluster"))).toEqual([]);
  });

  it("is refused below a folder that the server's user may not enter", async () => {
    const home = await lab.folder();
    const closed = join(home, "closed");
    await mkdir(closed, { mode: 0o700 });
    const outcome = await lab.start(join(closed, "agency")).then(
      () => "started",
      (error: unknown) => error,
    );
    // An ordinary user's server runs as that user, who may enter what is theirs.
    const refusal = { code: "unavailable", message: expect.stringContaining(`may not enter ${closed}`) };
    expect(outcome).toEqual(isRoot ? expect.objectContaining(refusal) : "started");
  });

  it("is not served through a socket folder that serves another one", async () => {
    const [two, one] = [await lab.copied(), await lab.seeded()];
    const first = await lab.start(one);
    await expect(lab.start(two, { runtimeDir: dirname(first.host) })).rejects.toMatchObject({
      message: expect.stringContaining("has its socket in"),
    });
    expect(await query(first, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("PostgreSQL programs of one's own", () => {
  it("are named in the refusal when they cannot be run", async () => {
    const home = await lab.folder();
    await expect(lab.start(home, { binDir: join(home, "nowhere") })).rejects.toMatchObject({
      code: "unavailable",
      next: expect.stringContaining("AGENCY_PGBIN"),
    });
  });
});
