import { access, chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Provider, SandboxRef } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderOf } from "./sandbox-folder.ts";
import { createGround, quiet, signal } from "./testing/ground.ts";
import type { Ground, Inside } from "./testing/ground.ts";

let ground: Ground;
let provider: Provider;
let ref: SandboxRef;
let inside: Inside;

beforeEach(async () => {
  ground = await createGround();
  provider = ground.provider();
  ref = await provider.create(sandboxSpec(), quiet);
  inside = await ground.inside(ref);
});
afterEach(async () => {
  await ground.dispose();
});

describe("what a local sandbox leaves behind", () => {
  it("is found by a person until it is discarded", async () => {
    await inside.run('require("node:fs").writeFileSync("result", "done")');
    await provider.destroy(ref, signal);
    const workspace = provider.workspace(ref) ?? "";
    expect(await readFile(join(workspace, "result"), "utf8")).toBe("done");
    await provider.discard(ref, signal);
    await expect(access(folderOf(ground.home, ref).root)).rejects.toThrow(/ENOENT/u);
  });

  it("is closed to the sandboxes' users once it has ended", async () => {
    await provider.destroy(ref, signal);
    expect((await stat(folderOf(ground.home, ref).root)).mode & 0o777).toBe(0o700);
  });

  it("is removed without following a link out of it", async () => {
    const precious = join(ground.base, "precious");
    await writeFile(precious, "keep me");
    await inside.run(`
      const fs = require("node:fs");
      fs.symlinkSync(${JSON.stringify(ground.base)}, "folder");
      fs.symlinkSync(${JSON.stringify(precious)}, "file");
      fs.rmSync("/home/agent", { recursive: true, force: true });`);
    await provider.discard(ref, signal);
    expect(await readFile(precious, "utf8")).toBe("keep me");
  });

  it("is removed when its folders are closed and deeper than the longest path", async () => {
    await inside.run(`
      const fs = require("node:fs");
      fs.mkdirSync("closed/inner", { recursive: true });
      fs.writeFileSync("closed/inner/file", "");
      fs.chmodSync("closed/inner", 0o000);
      fs.chmodSync("closed", 0o500);
      for (let depth = 0; depth < 800; depth += 1) {
        fs.mkdirSync("deeper");
        process.chdir("deeper");
      }`);
    await provider.discard(ref, signal);
    await expect(access(folderOf(ground.home, ref).root)).rejects.toThrow(/ENOENT/u);
  });

  it("has no path out of the workspace named as the sandbox's", () => {
    expect(provider.workspace({ provider: "local", nativeId: "../../etc" })).toBeNull();
  });
});

describe("the door of a local sandbox", () => {
  it("shows a socket that a restarted server made anew", async () => {
    const path = join(ground.options.doorDir, "second");
    const server = createServer((socket) => socket.end("welcome back"));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await chmod(path, 0o666);
    const knock = `
      const socket = require("node:net").connect("/run/agency/door/second");
      return new Promise((resolve, reject) => {
        socket.once("data", (data) => resolve(data.toString()));
        socket.once("error", reject);
      });`;
    expect(await inside.run(knock)).toMatchObject({ value: "welcome back" });
    server.close();
    await rm(path, { force: true });
    expect(await inside.run(knock)).toMatchObject({ error: "ENOENT" });
  });

  it("is named to the runner by its path inside", async () => {
    const read = 'return JSON.parse(require("node:fs").readFileSync("/run/agency/bootstrap.json", "utf8"))';
    expect(await inside.run(read)).toMatchObject({
      value: { v: 1, doorDir: "/run/agency/door", token: "not-a-secret" },
    });
  });

  it("is the only thing of the host in pid 1's command line and environment", async () => {
    const look = `
      const fs = require("node:fs");
      return [fs.readFileSync("/proc/1/cmdline", "utf8"), fs.readFileSync("/proc/1/environ", "utf8")];`;
    const [commandLine, environment] = (await inside.run(look)).value as [string, string];
    expect(commandLine).not.toContain(ground.base);
    expect(commandLine).not.toContain("not-a-secret");
    expect(
      environment
        .split("\0")
        .filter((entry) => !/^(?:PATH=\/usr\/sbin|PWD=\/|OLDPWD=|SHLVL=|_=|$)/u.test(entry)),
    ).toEqual([]);
  });
});
