import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClock } from "../clocks/real-clock.ts";
import { ProcessGroups } from "../process/groups.ts";
import { git, GIT_ENV } from "../testing/git-server.ts";
import { diffWorkspace } from "./diff-workspace.ts";
import type { DiffResult, WorkspaceDiff } from "./diff-workspace.ts";
import { createGit } from "./git.ts";
import { prepareWorkspace } from "./prepare-workspace.ts";

const never = new AbortController().signal;
const DONE = { code: 0, ended: "exit", stdout: Buffer.from("abc\n"), stderr: "", truncated: false } as const;

describe("a workspace", () => {
  let root: string;
  let workspace: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "agency-workspace-"));
    workspace = join(root, "workspace");
    mkdirSync(workspace);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const ours = () => createGit(workspace, GIT_ENV, realClock, new ProcessGroups());
  async function prepare(): Promise<string> {
    const options = { git: ours(), workspace, repository: null, gitSettings: [], signal: never };
    const prepared = await prepareWorkspace(options);
    if (!prepared.ok) throw new Error(prepared.problem);
    return prepared.base;
  }
  const compare = (base: string, signal = never): Promise<DiffResult> =>
    diffWorkspace({ git: ours(), workspace, base, scratch: root, timeoutMs: 10_000, signal });
  async function diff(base: string): Promise<WorkspaceDiff> {
    const result = await compare(base);
    if (!result.ok) throw new Error(result.problem);
    return result.diff;
  }
  const write = (path: string, content: string | Buffer): Promise<void> =>
    writeFile(join(workspace, path), content);

  it("that is empty gets a first commit, and nothing has changed", async () => {
    const base = await prepare();
    expect(git(workspace, "log", "--format=%H %s")).toBe(`${base} Start of the task`);
    expect(git(workspace, "status", "--porcelain", "--branch")).toBe("## main");
    expect(await diff(base)).toEqual({ files: [], added: 0, removed: 0, commits: [] });
  });

  it("that holds files starts from them", async () => {
    await write("a.txt", "one\n");
    const base = await prepare();
    await write("a.txt", "one\ntwo\n");
    expect((await diff(base)).files).toMatchObject([{ path: "a.txt", op: "modify", added: 1, removed: 0 }]);
  });

  it("that is a repository already starts from its newest commit", async () => {
    git(workspace, "init", "--quiet", "-b", "trunk");
    git(workspace, "commit", "--quiet", "--allow-empty", "-m", "theirs");
    expect(await prepare()).toBe(git(workspace, "rev-parse", "HEAD"));
  });

  it("that is not there is a problem, not an exception", async () => {
    await rm(workspace, { recursive: true });
    const options = { git: ours(), workspace, repository: null, gitSettings: [], signal: never };
    expect(await prepareWorkspace(options)).toMatchObject({ ok: false });
    const through = { ...options, git: async () => DONE };
    expect(await prepareWorkspace(through)).toMatchObject({
      ok: false,
      problem: expect.stringContaining("ENOENT"),
    });
  });

  it("shows what was saved, staged and committed alike, and leaves the agent's index alone", async () => {
    await write("old.txt", "1\n2\n3\n4\n5\n");
    await write("gone.txt", "x\n");
    await write(".gitignore", "*.log\n");
    const base = await prepare();
    await write("committed.txt", "c\n");
    git(workspace, "add", "committed.txt");
    git(workspace, "commit", "--quiet", "-m", "agent's own");
    await write("staged.txt", "s\n");
    git(workspace, "add", "staged.txt");
    await write("new file.txt", "n\nn\n");
    await write("debug.log", "ignored");
    await write("binary.bin", Buffer.from([0, 1, 2, 0]));
    git(workspace, "mv", "old.txt", "renamed.txt");
    await rm(join(workspace, "gone.txt"));
    const before = git(workspace, "status", "--porcelain");
    const { files, added, removed, commits } = await diff(base);
    expect(git(workspace, "status", "--porcelain")).toBe(before);
    const facts = files.map(({ path, op, added, removed }) => ({ path, op, added, removed }));
    expect(facts.toSorted((a, b) => a.path.localeCompare(b.path))).toEqual([
      { path: "binary.bin", op: "create", added: null, removed: null },
      { path: "committed.txt", op: "create", added: 1, removed: 0 },
      { path: "gone.txt", op: "delete", added: 0, removed: 1 },
      { path: "new file.txt", op: "create", added: 2, removed: 0 },
      { path: "renamed.txt", op: "rename", added: 0, removed: 0 },
      { path: "staged.txt", op: "create", added: 1, removed: 0 },
    ]);
    expect({ added, removed }).toEqual({ added: 4, removed: 1 });
    expect(commits).toEqual([git(workspace, "rev-parse", "HEAD")]);
    expect(files.find(({ path }) => path === "new file.txt")?.diff).toContain("+n\n+n\n");
    expect(files.every(({ diff }) => diff?.startsWith("diff --git "))).toBe(true);
  });

  it("shows the rest when a repository was made inside it", async () => {
    const base = await prepare();
    mkdirSync(join(workspace, "inner"));
    git(join(workspace, "inner"), "init", "--quiet");
    await write("inner/file.txt", "hidden\n");
    await write("outer.txt", "seen\n");
    expect((await diff(base)).files.map(({ path }) => path)).toContain("outer.txt");
  });

  it("runs nothing that the repository names to be run", async () => {
    const canary = join(root, "canary");
    const script = join(root, "script");
    await writeFile(script, `#!/bin/sh\ntouch ${canary}\ncat "$1"\n`, { mode: 0o755 });
    await write("a.txt", "one\n");
    await write(".gitattributes", "*.txt diff=evil\n");
    const base = await prepare();
    for (const key of [
      "core.fsmonitor",
      "diff.external",
      "diff.evil.textconv",
      "diff.evil.command",
      "core.editor",
    ]) {
      git(workspace, "config", key, script);
    }
    await write("a.txt", "two\n");
    expect((await diff(base)).files).toHaveLength(1);
    await expect(readFile(canary)).rejects.toThrow("ENOENT");
  });

  it("tells of each file its own changes, also beside a file that became a link, and submodules", async () => {
    for (const name of ["a", "b", "d"]) await write(name, `${name}\n`);
    mkdirSync(join(workspace, "c"));
    for (const args of [
      ["init", "--quiet"],
      ["commit", "--quiet", "--allow-empty", "-m", "c"],
    ])
      git(join(workspace, "c"), ...args);
    const base = await prepare();
    await rm(join(workspace, "a"));
    symlinkSync("elsewhere", join(workspace, "a"));
    git(join(workspace, "c"), "commit", "--quiet", "--allow-empty", "-m", "next");
    git(workspace, "config", "diff.submodule", "log");
    for (const name of ["b", "d"]) await write(name, `new ${name}\n`);
    const { files } = await diff(base);
    expect(files.map(({ path, diff: text }) => [path, text?.split("\n")[0]])).toEqual(
      ["a", "b", "c", "d"].map((name) => [name, `diff --git a/${name} b/${name}`]),
    );
    expect(files[0]?.diff).toMatch(/^-a\n[^]*^\+elsewhere$/m);
  });

  it("is compared although a pipe has taken the place of its index", async () => {
    await write("a.txt", "one\n");
    const base = await prepare();
    await write("b.txt", "two\n");
    await rm(join(workspace, ".git", "index"));
    spawnSync("mkfifo", [join(workspace, ".git", "index")]);
    expect((await diff(base)).files).toMatchObject([{ path: "b.txt", op: "create" }]);
  });

  it("does not follow a link out of itself", async () => {
    const base = await prepare();
    symlinkSync("/etc/passwd", join(workspace, "link"));
    const [link] = (await diff(base)).files;
    expect(link?.diff).toContain("+/etc/passwd");
    expect(link?.diff).not.toContain("root:");
  });

  it("that is no repository any more has no diff, and says so", async () => {
    const base = await prepare();
    await rm(join(workspace, ".git"), { recursive: true });
    expect(await compare(base)).toMatchObject({ ok: false, problem: expect.stringContaining("Comparing") });
  });

  it("is given up at once when the run is cancelled", async () => {
    const base = await prepare();
    expect(await compare(base, AbortSignal.abort())).toMatchObject({
      ok: false,
      problem: expect.stringContaining("stopped"),
    });
  });
});
