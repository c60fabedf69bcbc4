import { randomBytes } from "node:crypto";
import { chmod, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CALLER, openGitLab } from "../git/testing/git-lab.ts";
import type { GitLab } from "../git/testing/git-lab.ts";
import { createMirrorObjects } from "./mirror-objects.ts";
import { openMirrorLab } from "./testing/mirror-lab.ts";
import type { MirrorLab } from "./testing/mirror-lab.ts";

const NAME = "private/work.git";
const large = randomBytes(3 * 1024 * 1024).toString("hex");

let lab: GitLab;
let mirrors: MirrorLab;
beforeAll(async () => {
  lab = await openGitLab();
  await lab.seed(NAME, { "hello.txt": "hello\n", "large.txt": large });
  await lab.seed("open/other.git", { "other.txt": "of the other\n" });
  mirrors = await openMirrorLab(lab);
  for (const name of [NAME, "open/other.git"]) await mirrors.lend(name);
});
afterAll(async () => {
  await mirrors[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

const url = (name = NAME): string => `${lab.host.origin}/${name}`;
const objects = () => createMirrorObjects(mirrors.root);
const named = (path: string, name = NAME) => lab.onHost(name, "rev-parse", `main:${path}`);

async function read(object: string, name = NAME, accountId = CALLER.accountId): Promise<string | null> {
  const blob = await objects().blob(accountId, url(name), object);
  if (blob === null) return null;
  const text = await new Response(blob.open()).text();
  expect(blob.bytes).toBe(Buffer.byteLength(text));
  return text;
}

describe("a file of a mirror", () => {
  it("is read by the name git gave it, whatever its size", async () => {
    expect(await read(await named("hello.txt"))).toBe("hello\n");
    expect(await read(await named("large.txt"))).toBe(large);
  });

  it("is only what is in this repository, and a file", async () => {
    const other = await named("other.txt", "open/other.git");
    expect(await read(other, "open/other.git")).toBe("of the other\n");
    expect(await read(other)).toBeNull();
    expect(await read(await lab.onHost(NAME, "rev-parse", "main^{tree}"))).toBeNull();
    expect(await read(await lab.onHost(NAME, "rev-parse", "main"))).toBeNull();
    expect(await read("0".repeat(40))).toBeNull();
  });

  it.each(["main:hello.txt", "HEAD", "--batch-all-objects", "--filters", "", `${"a".repeat(40)}\nmain`])(
    "is not looked for by %j",
    async (object) => expect(await read(object)).toBeNull(),
  );

  it("is not there for other accounts, other addresses and mirrors that are not", async () => {
    const object = await named("hello.txt");
    expect(await read(object, NAME, "someone-else")).toBeNull();
    expect(await read(object, "open/never-lent.git")).toBeNull();
    for (const address of ["not an address", "file:///etc", `${lab.host.origin}/../../x.git`])
      expect(await objects().blob(CALLER.accountId, address, object)).toBeNull();
  });

  it("is read by so many at once, and the next is told to wait", async () => {
    const all = objects();
    const blob = await all.blob(CALLER.accountId, url(), await named("large.txt"));
    const open: ReadableStream<Uint8Array>[] = [];
    const more = () => blob && open.push(blob.open());
    while (open.length < 8) more();
    expect(more).toThrow(expect.objectContaining({ code: "too_many_requests" }));
    const [first, second] = open;
    const reader = first?.getReader();
    await reader?.read();
    await reader?.cancel();
    await second?.cancel();
    open.splice(0, 2);
    more();
    more();
    expect(more).toThrow(expect.objectContaining({ code: "too_many_requests" }));
    await Promise.all(open.map((stream) => stream.cancel()));
  });

  it("is read by every account, whatever one of them reads", async () => {
    const all = objects();
    const lent = await mirrors.lend(NAME, { ...CALLER, accountId: "other" });
    expect(lent).not.toBeNull();
    const object = await named("hello.txt");
    const own = await all.blob(CALLER.accountId, url(), object);
    const other = await all.blob("other", url(), object);
    const open = Array.from({ length: 8 }, () => own?.open());
    expect(() => own?.open()).toThrow(expect.objectContaining({ code: "too_many_requests" }));
    expect(await new Response(other?.open()).text()).toBe("hello\n");
    for (const stream of open) await stream?.cancel();
  });

  it("waits some minutes for those who have stopped reading it, and no longer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const blob = await objects().blob(CALLER.accountId, url(), await named("large.txt"));
      const readers = Array.from({ length: 8 }, () => blob?.open().getReader());
      await readers[0]?.read();
      expect(() => blob?.open()).toThrow(expect.objectContaining({ code: "too_many_requests" }));
      vi.advanceTimersByTime(5 * 60_000);
      for (const reader of readers) await expect(reader?.read()).rejects.toThrow("too long");
      expect(await new Response(blob?.open()).text()).toBe(large);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is not there when the mirror is cut, and breaks off when it goes while it is read", async () => {
    const object = await named("large.txt");
    const own = await openMirrorLab(lab);
    expect(await own.lend(NAME)).not.toBeNull();
    const [repository = ""] = await own.repositories();
    const blob = await createMirrorObjects(own.root).blob(CALLER.accountId, url(), object);
    const packs = join(repository, "objects", "pack");
    const pack = (await readdir(packs)).find((name) => name.endsWith(".pack")) ?? "";
    await chmod(join(packs, pack), 0o644);
    await truncate(join(packs, pack), 100);
    expect(await createMirrorObjects(own.root).blob(CALLER.accountId, url(), object)).toBeNull();
    await expect(new Response(blob?.open()).text()).rejects.toThrow("git ended badly");
    await rm(repository, { recursive: true });
    await writeFile(repository, "");
    expect(await createMirrorObjects(own.root).blob(CALLER.accountId, url(), object)).toBeNull();
    await own[Symbol.asyncDispose]();
  });
});
