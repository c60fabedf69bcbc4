import { access, chmod, link, mkdir, mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SandboxMount } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderOf } from "./sandbox-folder.ts";
import { createGround, quiet, signal } from "./testing/ground.ts";
import type { Ground } from "./testing/ground.ts";
import { readProbe, writeProbe } from "./testing/probes.ts";

let ground: Ground;
let data: string;
beforeAll(async () => {
  ground = await createGround();
  data = dirname(ground.home);
  await mkdir(data, { recursive: true });
});
afterAll(() => ground.dispose());

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function folder(): Promise<string> {
  const path = await mkdtemp(join(data, "given-"));
  await writeFile(join(path, "file"), "given");
  return path;
}

async function given(name: SandboxMount["name"], readOnly: boolean): Promise<SandboxMount> {
  return { name, source: await folder(), target: `/opt/agency/${name}`, readOnly };
}

describe("a folder that a local sandbox is given", () => {
  it("is read inside, cannot be changed there in any way, and goes with the sandbox's end", async () => {
    const mirror = await given("mirror", true);
    const original = join(data, "original");
    await writeFile(original, "the mirror's own", { mode: 0o444 });
    await link(original, join(mirror.source, "pack"));
    const { mode } = await stat(mirror.source);
    expect(mode & 0o777).toBe(0o700);
    await chmod(mirror.source, 0o755);
    const provider = ground.provider();
    const ref = await provider.create({ ...sandboxSpec(), mounts: [mirror] }, quiet);
    const inside = await ground.inside(ref);
    expect(await isThere(mirror.source)).toBe(false);
    expect(await inside.run(readProbe("/opt/agency/mirror/pack"))).toMatchObject({
      value: "the mirror's own",
    });
    for (const attempt of [
      writeProbe("/opt/agency/mirror/pack", "poison"),
      writeProbe("/opt/agency/mirror/new", "poison"),
      'require("node:fs").chmodSync("/opt/agency/mirror/pack", 0o666)',
      'require("node:fs").unlinkSync("/opt/agency/mirror/pack")',
      'require("node:fs").renameSync("/opt/agency/mirror/pack", "/opt/agency/mirror/other")',
    ])
      expect((await inside.run(attempt)).error, attempt).toMatch(/EROFS|EACCES|EPERM/);
    const linked = 'require("node:fs").linkSync("/opt/agency/mirror/pack", "/workspace/pack")';
    expect((await inside.run(linked)).error).toMatch(/EXDEV|EPERM|EROFS/);
    await provider.destroy(ref, signal);
    expect(await isThere(folderOf(ground.home, ref).mounts.readOnly)).toBe(false);
    expect((await stat(original)).nlink).toBe(1);
    expect(await readFile(original, "utf8")).toBe("the mirror's own");
    await provider.discard(ref, signal);
  });

  it("that may be written is its own, and is found again after the end", async () => {
    const provider = ground.provider();
    const first = await provider.create({ ...sandboxSpec(), mounts: [await given("caches", false)] }, quiet);
    const inside = await ground.inside(first);
    expect(await inside.run(writeProbe("/opt/agency/caches/file", "one"))).toMatchObject({
      value: "written",
    });
    await provider.destroy(first, signal);
    const path = provider.mounted?.(first, "caches") ?? "";
    expect(await readFile(join(path, "file"), "utf8")).toBe("one");
    const again: SandboxMount = {
      name: "caches",
      source: path,
      target: "/opt/agency/caches",
      readOnly: false,
    };
    const second = await provider.create({ ...sandboxSpec(), mounts: [again] }, quiet);
    const next = await ground.inside(second);
    expect(await next.run(readProbe("/opt/agency/caches/file"))).toMatchObject({ value: "one" });
    expect(await next.run(writeProbe("/opt/agency/caches/file", "two"))).toMatchObject({ value: "written" });
    expect(provider.mounted?.(first, "caches")).toBeNull();
    for (const ref of [first, second]) await provider.discard(ref, signal);
    expect(provider.mounted?.(second, "caches")).toBeNull();
  });

  it.each([
    "/opt/agency/bin",
    "/opt/agency/engines",
    "/workspace",
    "/opt/agency/../etc",
    "/opt/agency/runner.mjs",
  ])("is never put over %s", async (target) => {
    const mount = { ...(await given("mirror", true)), target };
    const creating = ground.provider().create({ ...sandboxSpec(), mounts: [mount] }, quiet);
    await expect(creating).rejects.toMatchObject({ kind: "invalid" });
    expect(await isThere(mount.source)).toBe(true);
  });
});
