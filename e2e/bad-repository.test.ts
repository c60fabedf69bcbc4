import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { CreateTaskInput } from "@agency/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { FORGE_TOKEN, startForge } from "./support/forge.ts";
import type { Forge } from "./support/forge.ts";
import { git, makeBare } from "./support/git-repository.ts";

const MANY = 100_000;
/** In the bytes of a shell's printf: a line feed, and what is no character in UTF-8. */
const ODD = String.raw`two\nlines lat\351n.txt`;

let forge: Forge;
let agency: Agency;

beforeAll(async () => {
  forge = await startForge();
  await Promise.all([
    forge.add("open/plain", { "a.txt": "one\n" }),
    forge.add("private/work", { "a.txt": "one\n" }),
    makeBare(bareOf("open/empty")),
    importFiles("open/many", manyFiles()),
    importFiles("open/odd", oddFiles()),
  ]);
  agency = await Agency.start({ env: { AGENCY_INTERNAL_HOSTS: forge.host } });
});
afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await forge?.[Symbol.asyncDispose]();
  // Two hundred thousand files go with their tasks.
}, 180_000);

const bareOf = (path: string): string => join(forge.folder, `${path}.git`);
const urlOf = (path: string): string => `${forge.origin}/${path}.git`;

/** A repository made from a stream: a hundred thousand files in a second, and names no file system call would take. */
async function importFiles(path: string, stream: Iterable<string | Buffer>): Promise<void> {
  const bare = bareOf(path);
  await mkdir(bare, { recursive: true });
  await makeBare(bare);
  const child = spawn("git", ["fast-import", "--quiet"], { cwd: bare, stdio: ["pipe", "ignore", "inherit"] });
  const [[code]] = await Promise.all([once(child, "exit"), pipeline(Readable.from(stream), child.stdin)]);
  expect(code).toBe(0);
}

const COMMIT =
  "commit refs/heads/main\ncommitter Owner <owner@example.invalid> 1700000000 +0000\ndata 5\nBegin\n";

function* manyFiles(): Generator<string> {
  yield COMMIT;
  for (let n = 0; n < MANY; n += 1) {
    const text = `file ${n}\n`;
    yield `M 644 inline d${Math.floor(n / 500)}/f${n}\ndata ${text.length}\n${text}\n`;
  }
}

function* oddFiles(): Generator<string | Buffer> {
  yield COMMIT;
  yield 'M 644 inline "two\\nlines"\ndata 4\none\n\n';
  yield Buffer.from("M 644 inline lat\xe9n.txt\ndata 4\ntwo\n\n", "latin1");
  yield "M 120000 inline way-out\ndata 22\n../../../../etc/passwd\n";
  yield "M 120000 inline all\ndata 1\n/\n";
}

async function run(command: string, more: Partial<CreateTaskInput>) {
  const { id } = await agency.client.createTask({ prompt: "Work.", engine: "command", command, ...more });
  const { task, events } = await agency.finished(id);
  const textsOf = (type: "log" | "notice"): string[] =>
    events.flatMap((event) => (event.type === type ? [event.data.text] : []));
  return {
    id,
    task,
    said: textsOf("log").join("\n"),
    notices: textsOf("notice"),
    story: await agency.story(id),
  };
}

const work = (path: string, command: string, more: Partial<CreateTaskInput> = {}) =>
  run(command, { repository: { url: urlOf(path) }, deliver: "none", ...more });

/** Another task that begins with what the first one left. */
const goOn = (taskId: string, command: string) => run(command, { deliver: "none", resume: { taskId } });

describe("a repository that cannot be had", () => {
  it.each([
    ["is missing", "open/nowhere", undefined, /open\/nowhere\.git.* does not exist/i],
    [
      "is private, without a credential",
      "private/work",
      undefined,
      /reading it needs a credential that is not set here/i,
    ],
    ["has no such branch", "open/plain", "no/such", /no\/such.*not found/i],
  ])("because it %s fails the set-up with a sentence that says so", async (_, path, branch, sentence) => {
    const repository = { url: urlOf(path), ...(branch === undefined ? {} : { branch }) };
    const { id, task, story } = await work(path, "echo never", { repository });
    expect(task, story).toMatchObject({ state: "failed", reason: "setup_failed" });
    expect(task.result?.summary ?? task.message, story).toMatch(sentence);
    expect(story).not.toContain("never\\n");
    expect(await agency.client.checkpoints(id)).toEqual([]);
    const refused = goOn(id, "true");
    await expect(refused).rejects.toThrow(/Nothing of task .* was kept/);
  });

  it("is one as soon as the credential is there", async () => {
    await agency.client.setSecret(`GIT_TOKEN@${forge.host}`, { value: FORGE_TOKEN });
    const { task, story } = await work("private/work", "cat a.txt");
    await agency.client.removeSecret(`GIT_TOKEN@${forge.host}`);
    expect(task.state, story).toBe("completed");
  });
});

describe("a repository that gives trouble", () => {
  it("with nothing in it is begun, and what is made in it is kept", async () => {
    const first = await work("open/empty", "git log --format=%s; echo mine > first.txt");
    expect(first.task.state, first.story).toBe("completed");
    expect(first.said).toContain("Start of the task");
    expect(first.notices).toEqual([]);
    const next = await goOn(first.id, "cat first.txt");
    expect(next.task.state, next.story).toBe("completed");
    expect(next.said, next.story).toContain("mine");
  });

  it("with names and links that no other system would take keeps all of them, byte for byte", async () => {
    const list = "find . -path ./.git -prune -o ! -type d -printf '%P|%l\\n' | sort | od -An -c";
    const change = `printf more >> "$(printf '${ODD.split(" ")[0]}')"; printf more >> "$(printf '${ODD.split(" ")[1]}')"; ln -s / root`;
    const first = await work("open/odd", `git status --porcelain; ${change}; cat way-out; ${list}`, {
      deliver: "files",
    });
    expect(first.task, first.story).toMatchObject({ state: "completed", result: { files: 3 } });
    // Where it leads to is a file of the sandbox.
    expect(first.said).not.toContain("root:");
    const next = await goOn(first.id, list);
    expect(next.task.state, next.story).toBe("completed");
    expect(next.said.length).toBeGreaterThan(20);
    expect(first.said).toContain(next.said);
    const { files } = await agency.client.files(first.id);
    expect(files.map(({ path }) => path)).toContain("two\nlines");
  });

  it("with 100,000 files is worked in, and only what changed is sent", { timeout: 120_000 }, async () => {
    const first = await work("open/many", "echo changed > d7/f3501; ls | wc -l");
    expect(first.task, first.story).toMatchObject({ state: "completed", result: { files: 1 } });
    expect(first.said).toContain("200");
    const [checkpoint] = await agency.client.checkpoints(first.id);
    expect(checkpoint?.bytes).toBeLessThan(4 * 1024 * 1024);
    const next = await goOn(first.id, "cat d7/f3501; git status --porcelain | wc -l");
    expect(next.task.state, next.story).toBe("completed");
    expect(next.said.split("\n"), next.story).toEqual(expect.arrayContaining(["changed", "1"]));
  });

  it("with a file of 5 GB loses that file only, and says so", { timeout: 120_000 }, async () => {
    const make = "truncate --size 5G huge.bin; echo small > small.txt";
    const first = await work("open/plain", make, { deliver: "files" });
    expect(first.task.state, first.story).toBe("completed");
    expect(first.notices, first.story).toEqual([
      "Checkpoints leave out files of more than 256 MiB (huge.bin).",
      expect.stringContaining('"huge.bin" is over 100 MiB: it is not in the commit'),
      expect.stringContaining("The archive leaves out 1 of the workspace"),
    ]);
    const { files } = await agency.client.files(first.id);
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["a.txt", "small.txt"]));
    const next = await goOn(first.id, "cat small.txt; ls");
    expect(next.said, next.story).toContain("small");
    expect(next.said).not.toContain("huge.bin");
  });

  it("and whose own history is what it was, whatever was done in a sandbox", () => {
    for (const path of ["open/plain", "open/many", "open/odd"])
      expect(git(bareOf(path), "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
  });
});
