import { createHash, randomBytes } from "node:crypto";
import { constants, link, lstat, mkdir, readFile, readdir, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Provider, SandboxRef } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderOf } from "./sandbox-folder.ts";
import { createGround, quiet, runOutside, signal } from "./testing/ground.ts";
import type { Answer, Ground, Inside } from "./testing/ground.ts";
import { connectProbe, isRoot, listening, readProbe } from "./testing/probes.ts";

const canary = randomBytes(16).toString("hex");
const { O_RDONLY, O_WRONLY } = constants;
const NAMESPACED = /^\/proc\/sys\/(?:kernel\/(?:auto_msgmni|msg\w+|sem\w*|shm\w+|pid_max)|fs\/mqueue\/\w+)$/u;

let ground: Ground;
let provider: Provider;
let ref: SandboxRef;
let inside: Inside;
let precious: string;

beforeEach(async () => {
  ground = await createGround();
  precious = join(ground.base, "precious");
  await mkdir(precious, { mode: 0o755 });
  await writeFile(join(precious, "file"), canary);
  provider = ground.provider({ readOnlyPaths: [precious] });
  ref = await provider.create(sandboxSpec(), quiet);
  inside = await ground.inside(ref);
});
afterEach(async () => {
  await ground.dispose();
});

describe("a hijacked agent and the files of the machine: it", () => {
  it("finds no accounts, keys or homes", async () => {
    const places = [
      homedir(),
      "/root",
      "/etc/shadow",
      "/etc/gshadow",
      "/etc/sudoers",
      "/var",
      "/srv",
      "/mnt",
    ];
    const keys = [join(homedir(), ".ssh"), "/root/.ssh", "/etc/ssh", "/home/agent/.ssh"];
    const look = `return ${JSON.stringify([...places, ...keys])}.filter((path) => require("node:fs").existsSync(path))`;
    expect((await runOutside(look)).value).toEqual(expect.arrayContaining(["/root", "/etc/shadow", "/var"]));
    expect(await inside.run(look)).toMatchObject({ value: [] });
    const accounts = readProbe("/etc/passwd");
    expect((await runOutside(accounts)).value).toMatch(/^root:/mu);
    expect((await inside.run(accounts)).value).not.toMatch(/^root:/mu);
  });

  it("does not reach the server's data, its key or its database", async () => {
    const data = dirname(ground.home);
    await mkdir(join(data, "postgres"));
    await writeFile(join(data, "api-key"), canary);
    const database = createServer((socket) => socket.end(canary));
    await listening(database, { path: join(data, "postgres", ".s.PGSQL.5432") });
    const roads = (path: string): string => `
      const fs = require("node:fs");
      const pids = fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name));
      const ways = pids.flatMap((pid) => ["/proc/" + pid + "/root", "/proc/" + pid + "/cwd/../../../../../../../.."]);
      return ["", "/workspace/../../../..", ...ways].map((way) => way + ${JSON.stringify(path)}).some((road) => fs.existsSync(road));`;
    const connect = connectProbe({ path: join(data, "postgres", ".s.PGSQL.5432") });
    try {
      for (const path of [join(data, "api-key"), ground.home, folderOf(ground.home, ref).control.root]) {
        expect(await runOutside(roads(path)), path).toEqual({ value: true });
        expect(await inside.run(roads(path)), path).toMatchObject({ value: false });
      }
      expect(await runOutside(connect)).toEqual({ value: canary });
      expect(await inside.run(connect)).toMatchObject({ error: "ENOENT" });
    } finally {
      database.close();
    }
  });

  it("may turn none of the kernel's switches but those that are its namespaces' own", async () => {
    const find = (mode: number): string => `
      const fs = require("node:fs");
      const all = fs.readdirSync("/proc/sys", { recursive: true }).map((name) => "/proc/sys/" + name);
      return [...all, "/proc/sysrq-trigger", "/sys/kernel/uevent_helper"].filter((path) => {
        try {
          const fd = fs.openSync(path, ${mode});
          const file = fs.fstatSync(fd).isFile();
          fs.closeSync(fd);
          return file;
        } catch { return false; }
      });`;
    expect(listOf(await inside.run(find(O_RDONLY))).length).toBeGreaterThan(100);
    if (isRoot) expect(listOf(await runOutside(find(O_WRONLY)))).toContain("/proc/sys/kernel/core_pattern");
    // Messages, shared memory and process numbers: what is written there stays in there.
    const own = listOf(await inside.run(find(O_WRONLY))).filter((path) => !path.endsWith("/ns_last_pid"));
    for (const path of own) expect(path).toMatch(NAMESPACED);
    const before = await Promise.all(own.map((path) => readFile(path, "utf8")));
    await inside.run(`
      const fs = require("node:fs");
      for (const path of ${JSON.stringify(own)}) try { fs.writeFileSync(path, String(Number.parseInt(fs.readFileSync(path, "utf8")) - 1)); } catch {}`);
    expect(await Promise.all(own.map((path) => readFile(path, "utf8")))).toEqual(before);
  });

  it("cannot replace, remove or change the runner, node or the door", async () => {
    const attack = (path: string): string => `
      const fs = require("node:fs");
      const said = [];
      for (const change of [
        () => fs.appendFileSync("${path}", "x"),
        () => fs.truncateSync("${path}", 0),
        () => fs.chmodSync("${path}", 0o777),
        () => fs.renameSync("${path}", "${path}.moved"),
        () => { fs.writeFileSync("${path}.new", "x"); fs.renameSync("${path}.new", "${path}"); },
        () => fs.unlinkSync("${path}"),
      ]) try { change(); said.push("done"); } catch (error) { said.push(error.code); }
      return said;`;
    await inside.run('require("node:fs").copyFileSync("/opt/agency/runner.mjs", "/workspace/copy.mjs")');
    const done = ((await inside.run(attack("/workspace/copy.mjs"))).value as string[]).filter(
      (word) => word === "done",
    );
    expect(done.length).toBeGreaterThanOrEqual(5);
    const { nodePath, runnerPath } = ground.options.runtime;
    const before = await Promise.all([nodePath, runnerPath].map(digest));
    for (const path of ["/opt/agency/runner.mjs", "/opt/agency/bin/node", "/run/agency/door/test"])
      expect((await inside.run(attack(path))).value, path).not.toContain("done");
    expect(await Promise.all([nodePath, runnerPath].map(digest))).toEqual(before);
    expect((await inside.run("return process.version")).value).toBe(process.version);
  });

  it("makes links that lead nowhere: the host keeps them as links and its files as they are", async () => {
    const { workspace } = folderOf(ground.home, ref);
    await inside.run(
      `require("node:fs").symlinkSync("${ground.home}", "out"); require("node:fs").symlinkSync("/etc/shadow", "shadow")`,
    );
    expect(await inside.run('return require("node:fs").existsSync("out")')).toMatchObject({ value: false });
    expect(await inside.run(readProbe("/workspace/shadow"))).toMatchObject({ error: "ENOENT" });
    expect((await lstat(join(workspace, "out"))).isSymbolicLink()).toBe(true);
    // The control: outside, whoever follows it arrives.
    expect(await readdir(join(workspace, "out"))).toContain(ref.nativeId);

    const hard = (from: string, to: string): string =>
      `require("node:fs").linkSync("${from}", "${to}"); return "linked"`;
    expect(await inside.run(hard("/workspace/starts", "/workspace/twin"))).toMatchObject({ value: "linked" });
    for (const [from, to] of [
      [join(precious, "file"), "/workspace/taken"],
      ["/opt/agency/bin/node", "/workspace/taken"],
      ["/usr/bin/env", "/home/agent/taken"],
    ] as const)
      expect(await inside.run(hard(from, to)), from).toMatchObject({ error: "EXDEV" });
    // The control: they are on one disk, so it is the wall between the mounts that said no.
    await link(join(precious, "file"), join(workspace, "taken"));
    await unlink(join(workspace, "taken"));
  });

  it("cannot lead the removal of its files astray by swapping a folder for a link meanwhile", async () => {
    const { root, workspace } = folderOf(ground.home, ref);
    const swap = `
      mkdir("real"), mkdir("real/$_") for 0 .. 200;
      symlink $ARGV[0], "link";
      while (1) { rename "real", "spare"; rename "link", "real"; rename "real", "link"; rename "spare", "real" }`;
    await inside.run(
      `require("node:child_process").spawn("perl", ["-e", ${JSON.stringify(swap)}, "${precious}"], { stdio: "ignore", detached: true })`,
    );
    // The control: who walks by path is led astray.
    while (!(await leadsTo(join(workspace, "real", "file")))) await delay(0);
    await provider.discard(ref, signal);
    await expect(lstat(root)).rejects.toThrow(/ENOENT/u);
    expect(await readFile(join(precious, "file"), "utf8")).toBe(canary);
  });

  it("leaves the next task nothing at home that would be obeyed there", async () => {
    const poison = `
      const fs = require("node:fs");
      for (const name of [".npmrc", ".gitconfig", ".bashrc", ".profile"]) fs.writeFileSync("/home/agent/" + name, "[alias] st = !touch /tmp/poisoned");
      fs.mkdirSync("/home/agent/.config/git", { recursive: true });
      fs.writeFileSync("/tmp/poison", "");`;
    await inside.run(poison);
    const found = `
      const fs = require("node:fs");
      const home = fs.readdirSync("/home/agent");
      return fs.existsSync("/tmp/poison") ? [...home, "poison"] : home;`;
    const planted = [".bashrc", ".config", ".gitconfig", ".npmrc", ".profile", "poison"];
    expect((await inside.run(found)).value).toEqual(expect.arrayContaining(planted));
    const another = await provider.create(sandboxSpec(), quiet);
    const next = await provider.create(
      sandboxSpec({ id: ref.nativeId.split(".")[0] ?? "", generation: 2 }),
      quiet,
    );
    for (const fresh of [another, next])
      expect((await (await ground.inside(fresh)).run(found)).value, fresh.nativeId).toEqual([]);
  });
});

function listOf({ value }: Answer): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

async function digest(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

async function leadsTo(path: string): Promise<boolean> {
  return readFile(path, "utf8").then(
    (text) => text === canary,
    () => false,
  );
}
