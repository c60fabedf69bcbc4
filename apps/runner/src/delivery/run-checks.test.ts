import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { WorkRoom } from "../testing/work-room.ts";
import { runChecks } from "./run-checks.ts";
import type { CheckOptions } from "./run-checks.ts";

describe("the checks", () => {
  let room: WorkRoom;
  let logs: Record<string, string>;
  let alone: number;
  beforeEach(async () => {
    room = await WorkRoom.open({ "a.txt": "one\n", ".gitignore": "built\n" });
    logs = {};
    alone = 0;
  });
  afterEach(() => room.close());

  const check = (commands: string[], part: Partial<CheckOptions> = {}) =>
    runChecks({
      ...room.parts,
      from: join(room.workspace, ".git"),
      commit: room.head,
      commands,
      round: "",
      rooms: join(room.root, "rooms"),
      agents: [join(room.root, "home"), room.workspace],
      alone: async () => {
        alone += 1;
        return null;
      },
      timeoutMs: 30_000,
      onOutput: async (name, path) => void (logs[name] = readFileSync(path, "utf8")),
      ...part,
    });
  const told = (): { output: string; exitCode: number | null }[] =>
    room.events.flatMap((event) => (event.type === "check" ? [event.data] : []));

  it("see the commit and nothing else: nothing unsaved, nothing ignored, nothing of each other", async () => {
    room.write("a.txt", "changed\n");
    room.write("built", "ignored");
    const results = await check(["cat a.txt; ls -A; touch trace", "test ! -e trace"]);
    expect(results).toMatchObject([
      { passed: true, exitCode: 0, command: "cat a.txt; ls -A; touch trace" },
      { passed: true },
    ]);
    expect(told()[0]?.output).toBe("one\n.git\n.gitignore\na.txt\n");
    expect(readdirSync(join(room.root, "rooms"))).toEqual([]);
  });

  it("are not changed by what the agent left in the settings of its repository", async () => {
    room.write(".gitattributes", "*.txt filter=evil\n");
    room.run("add", "--all");
    room.run("commit", "--quiet", "-m", "more");
    room.run("config", "filter.evil.smudge", "echo replaced");
    room.run("config", "core.hooksPath", "/evil");
    room.run("replace", room.run("rev-parse", "HEAD:a.txt"), room.run("rev-parse", "HEAD:.gitattributes"));
    await check(["cat a.txt && git status --porcelain"]);
    expect(told()[0]?.output).toBe("one\n");
  });

  it("find no setting, program or file of the agent's home", async () => {
    const home = join(room.root, "home");
    for (const [name, text] of Object.entries({
      ".gitconfig":
        "[alias]\n\tstatus = !echo agent's\n[init]\n\ttemplateDir = /evil\n[user]\n\tname = Evil\n",
      ".npmrc": "node-options=--evil\n",
      ".bashrc": "echo agent's\n",
      ".config/git/attributes": "* filter=evil\n",
      ".local/bin/git": "#!/bin/sh\necho agent's\n",
    })) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), text, { mode: 0o755 });
    }
    const env = {
      ...room.env,
      HOME: home,
      TMPDIR: join(home, "tmp"),
      XDG_CONFIG_HOME: join(home, ".config"),
      PATH: `${join(home, ".local/bin")}:${room.env["PATH"]}`,
      NODE_OPTIONS: `--require=${join(home, "evil.cjs")}`,
      GIT_DIR: join(room.workspace, ".git"),
      GIT_EXEC_PATH: join(home, ".local/bin"),
      DEPTH: "3",
    };
    const shown =
      'echo "$CI $DEPTH $GIT_CONFIG_GLOBAL $GIT_CONFIG_NOSYSTEM"; ls -A "$HOME" "$TMPDIR" | grep .;';
    await check([`${shown} env; git config --get user.name; git status --short; touch "$HOME/left"`, shown], {
      env,
    });
    const [first, second] = told();
    expect(first?.output).toMatch(/^true 3 \/dev\/null 1\n\S*\/home:\n\S*\/tmp:\n/);
    expect(first?.output).not.toContain(home);
    expect(first?.output).not.toMatch(/XDG_|NODE_OPTIONS|GIT_DIR|GIT_EXEC|evil|Evil|agent's/);
    // Nor of another check.
    expect(second?.output).not.toContain("left");
  });

  it("find nothing that the agent left beside their folders", async () => {
    const rooms = join(room.root, "rooms");
    mkdirSync(join(rooms, "node_modules", "helper"), { recursive: true });
    writeFileSync(join(rooms, "package.json"), "{}");
    await check(["ls -A .."]);
    expect(told()[0]?.output).toMatch(/^checkout-\w+\nroom-\w+\n$/);
  });

  it("are not deceived by an object that was overwritten under its old name", async () => {
    const name = room.run("rev-parse", "HEAD:a.txt");
    const object = join(room.workspace, ".git", "objects", name.slice(0, 2), name.slice(2));
    chmodSync(object, 0o644);
    writeFileSync(object, deflateSync("blob 4\0two\n"));
    expect(room.run("show", "HEAD:a.txt")).toBe("two");
    expect(await check(["grep two a.txt"])).toMatchObject([{ passed: false, exitCode: null }]);
    expect(told()[0]?.output).toContain("clean checkout failed");
  });

  it("have nobody beside them: before each, and when it is over", async () => {
    const looks: number[] = [];
    const mine = room.recorder.record;
    await check(["true", "true"], {
      recorder: { ...room.recorder, record: async (event) => (looks.push(alone), mine(event)) },
    });
    expect(looks).toEqual([2, 4]);
    const crowded = await check(["true"], { alone: async () => "3 processes of the agent do not end." });
    expect(crowded).toMatchObject([{ passed: false, exitCode: null }]);
    expect(told().at(-1)?.output).toContain("do not end");
  });

  it("say which commit they were run on", async () => {
    expect(await check(["true"])).toMatchObject([{ passed: true, commit: room.head }]);
    expect(told()).toMatchObject([{ commit: room.head }]);
  });

  it("tell what failed with the end of the output, and keep the whole", async () => {
    const [result] = await check(["seq 1 5000; echo broken >&2; exit 3"]);
    expect(result).toMatchObject({ passed: false, exitCode: 3 });
    expect(told()[0]?.output.length).toBeLessThanOrEqual(8192);
    expect(told()[0]?.output).toMatch(/5000\nbroken\n$/);
    expect(logs["check-1.log"]).toMatch(/^1\n2\n3\n/);
  });

  it("are ended together with what they started", async () => {
    await check(["tail -f /dev/null & echo $!"]);
    const pid = Number(told()[0]?.output.trim());
    expect(pid).toBeGreaterThan(1);
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  });

  it("have one time limit for all of them", async () => {
    const clock = new ManualClock();
    const over = new AbortController();
    const checking = check(["tail -f /dev/null", "true"], { clock, timeoutMs: 60_000 }).finally(() =>
      over.abort(),
    );
    while (!over.signal.aborted) await clock.advance(10_000);
    expect(await checking).toMatchObject([
      { passed: false, exitCode: null },
      { passed: false, exitCode: null },
    ]);
    expect(told()[1]?.output).toContain("no time left");
  });

  it("do not pass when the run is over, or when there is no commit", async () => {
    expect(await check(["true"], { signal: AbortSignal.abort() })).toMatchObject([{ passed: false }]);
    expect(await check(["true"], { commit: "0".repeat(40) })).toMatchObject([{ passed: false }]);
    expect(told()[1]?.output).toContain("clean checkout failed");
  });
});

/** A zombie is dead; who reaps it is not our business. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(join("/proc", String(pid), "stat"), "utf8"));
  } catch {
    return false;
  }
}
