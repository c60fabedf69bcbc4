import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processes } from "../processes.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { tar, tarZst } from "../testing/tar.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
let folder: string;
beforeEach(async () => {
  api = await new FakeApi().start();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agency-session-")));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api.stop();
});

const sessionId = "5b0a6a0e-2c1d-4e3f-8a9b-0c1d2e3f4a5b";
const inHome = `.claude/projects/-workspace/${sessionId}`;
const cliHere = (env: Record<string, string> = {}) =>
  testCli({ env: { ...envFor(api), ...env }, world: { cwd: folder, processes } });
const projectOf = (claude: string) => join(claude, "projects", folder.replace(/[^A-Za-z0-9]/g, "-"));

const line = (uuid: string, more: object = {}) =>
  `${JSON.stringify({ type: "user", uuid, cwd: "/workspace", ...more })}\n`;
const here = (uuid: string) => `${JSON.stringify({ type: "user", uuid, cwd: folder })}\n`;

/** As a runner makes it: what the engine keeps is zipped, and its paths are in the manifest. */
function checkpoint(...files: { path: string; text: string | Buffer }[]): Buffer {
  const session = { sessionId, engineVersion: "2.0.0", files: files.map(({ path }) => path) };
  return tar(
    { name: "checkpoint.json", body: JSON.stringify({ v: 1, session }) },
    { name: "workspace.bundle", body: "not looked at" },
    ...files.map(({ text }, at) => ({ name: `session/${at}.gz`, body: zipped(text) })),
  );
}

const zipped = (text: string | Buffer) => (Buffer.isBuffer(text) ? text : gzipSync(text));

const session = (text: string) =>
  checkpoint(
    { path: `${inHome}.jsonl`, text },
    { path: `${inHome}/tool-results/1.txt`, text: "long" },
    { path: ".claude/settings.json", text: '{"hooks":{}}' },
    { path: ".claude/projects/-other/notes.md", text: "x" },
  );

/** A task that ended, with an empty workspace and these checkpoints, the oldest first. */
function given(...checkpoints: (Buffer | null)[]) {
  const { id } = api.addTask({ state: "completed" });
  api.work.add(id, { kind: "archive", name: "w" }, tarZst({ name: "x" }));
  for (const bytes of checkpoints)
    api.work.addCheckpoint({ sessionId: bytes === null ? null : sessionId }, bytes ?? "");
}

describe("agency apply --session", () => {
  it("puts the transcript where claude looks for it, and nothing else of the engine's home", async () => {
    given(session(line("1")));
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--session")).toBe(0);
    const project = projectOf(join(cli.home, ".claude"));
    expect(readFileSync(join(project, `${sessionId}.jsonl`), "utf8")).toBe(here("1"));
    expect(readFileSync(join(project, sessionId, "tool-results/1.txt"), "utf8")).toBe("long");
    expect(statSync(join(project, `${sessionId}.jsonl`)).mode & 0o777).toBe(0o600);
    expect(existsSync(join(cli.home, ".claude/settings.json"))).toBe(false);
    expect(cli.stdout.text).toContain(`claude --resume ${sessionId}\n`);
  });

  it("takes nothing along that was granted or set in the sandbox", async () => {
    const granted = line("1", { permissionMode: "bypassPermissions" });
    given(session(`${granted}{"type":"agent-setting","agentSetting":"evil"}\nnot JSON\n`));
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--session")).toBe(0);
    const project = projectOf(join(cli.home, ".claude"));
    expect(readFileSync(join(project, `${sessionId}.jsonl`), "utf8")).toBe(here("1"));
  });

  it("takes the newest checkpoint, or the one it is told", async () => {
    given(session(line("1")), session(line("1") + line("2")));
    using older = cliHere();
    expect(await older.run("apply", "@last", "--session", "--from", "1")).toBe(0);
    const text = (home: string) =>
      readFileSync(join(projectOf(join(home, ".claude")), `${sessionId}.jsonl`), "utf8");
    expect(text(older.home)).toBe(here("1"));
    using newest = cliHere();
    expect(await newest.run("apply", "@last", "--session")).toBe(0);
    expect(text(newest.home)).toBe(here("1") + here("2"));
  });

  it("writes nothing with --dry-run", async () => {
    given(session(line("1")));
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--session", "--dry-run")).toBe(0);
    expect(existsSync(join(cli.home, ".claude"))).toBe(false);
    expect(cli.stdout.text).toContain("The session would be put into");
  });

  it("adds to a session that is here what it does not have, and not a byte of it changes", async () => {
    given(session(line("1") + line("2")));
    using cli = cliHere({ CLAUDE_CONFIG_DIR: join(folder, "cfg") });
    const file = join(projectOf(join(folder, "cfg")), `${sessionId}.jsonl`);
    mkdirSync(join(file, ".."), { recursive: true });
    const mine = `{"uuid":"1",   "type":"user", "cwd":"/elsewhere"}\n{"type":"mode","mode":"mine"}\n`;
    writeFileSync(file, mine);
    expect(await cli.run("apply", "@last", "--session")).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(mine + here("2"));
  });

  it("does not replace a session that went on here", async () => {
    given(session(line("1") + line("2")));
    using cli = cliHere({ CLAUDE_CONFIG_DIR: join(folder, "cfg") });
    const file = join(projectOf(join(folder, "cfg")), `${sessionId}.jsonl`);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, line("1") + line("mine"));
    expect(await cli.run("apply", "@last", "--session")).toBe(1);
    expect(cli.stderr.text).toContain("has gone another way");
    expect(readFileSync(file, "utf8")).toBe(line("1") + line("mine"));
    expect(await cli.run("apply", "@last", "--session", "--force")).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(here("1") + here("2"));
  });

  const transcript = (path: string) => checkpoint({ path, text: line("1") });
  it.each([
    ["no transcript", transcript(".claude/projects/p/x.txt")],
    [
      "two of them",
      checkpoint(
        ...["a", "b"].map((p) => ({ path: `.claude/projects/${p}/${sessionId}.jsonl`, text: line("1") })),
      ),
    ],
    [
      "a name that leads out",
      checkpoint({ path: `${inHome}.jsonl`, text: line("1") }, { path: `${inHome}/../../evil`, text: "x" }),
    ],
    ["nothing of a conversation", checkpoint({ path: `${inHome}.jsonl`, text: '{"type":"mode"}\n' })],
    ["a damaged file", checkpoint({ path: `${inHome}.jsonl`, text: Buffer.from("no gzip") })],
    ["a link in it", tar({ name: "checkpoint.json", type: "2", link: "/etc/passwd" })],
    ["no manifest", tar({ name: "workspace.bundle" })],
  ])("refuses a checkpoint with %s", async (_, bytes) => {
    given(bytes);
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--session")).not.toBe(0);
    expect(cli.stderr.text).toContain("The session was not imported");
    expect(existsSync(join(cli.home, ".claude"))).toBe(false);
  });

  it("brings no file either when there is no memory to bring", async () => {
    given(null);
    using without = cliHere();
    expect(await without.run("apply", "@last", "--session")).toBe(3);
    api.addTask({ state: "completed", engine: "command" });
    using other = cliHere();
    expect(await other.run("apply", "@last", "--session")).toBe(2);
    expect(other.stderr.text).toContain("Leave --session out to bring the files alone.");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says so when there is no checkpoint, or none with a memory", async () => {
    given();
    using none = cliHere();
    expect(await none.run("apply", "@last", "--session")).toBe(3);
    expect(none.stderr.text).toContain("The task has no checkpoint with a session.");
    given(null);
    using without = cliHere();
    expect(await without.run("apply", "@last", "--session")).toBe(3);
    expect(without.stderr.text).toContain("Checkpoint 1 of the task holds no session.");
  });
});
