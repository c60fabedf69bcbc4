import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClock } from "../clocks/real-clock.ts";
import { endOthers } from "./end-others.ts";
import { ProcessGroups } from "./groups.ts";

const HERE = new URL("./", import.meta.url).href;

/** A process that left its parent, its session and its group, and goes on changing things. */
const DAEMON =
  'use POSIX; fork and exit; POSIX::setsid(); fork and exit; $| = 1; open my $f, ">", $ARGV[0]; print $f "x"; close $f; sleep 1 while 1';
/** Never there when it is looked for: every generation ends as soon as it has a child. */
const RABBIT = 'use POSIX; open my $f, ">", $ARGV[0]; print $f "x"; close $f; while (1) { fork and exit }';

const SCRIPT = `
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { endOthers } from "${HERE}end-others.ts";
import { ProcessGroups } from "${HERE}groups.ts";
import { runChild } from "${HERE}run-child.ts";
import { realClock as clock } from "${HERE}../clocks/real-clock.ts";
const groups = new ProcessGroups();
const others = () => readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name) && !["1", String(process.pid)].includes(name))
  .flatMap((pid) => { try { const stat = readFileSync("/proc/" + pid + "/stat", "latin1"); return /\\) [ZX] /.test(stat) ? [] : [stat.replace(/^.*\\((.*)\\).*$/s, "$1")]; } catch { return []; } });
const started = async (code, file) => {
  spawn("perl", ["-e", code, file], { stdio: "ignore", detached: true }).unref();
  while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
};
const [scenario, folder] = process.argv.slice(2);
await started(DAEMON, folder + "/daemon");
let ours = null;
if (scenario === "ours") ours = runChild("sleep", ["60"], { cwd: "/", env: process.env, clock, groups, timeoutMs: 60000, signal: new AbortController().signal });
if (scenario === "rabbit") for (const n of [1, 2, 3]) await started(RABBIT, folder + "/rabbit" + n);
const before = others().length;
const problem = await endOthers({ clock, groups });
console.log(JSON.stringify({ before, problem, left: others() }));
groups.killAll();
process.exit(0);
`;

describe("the end of everybody else in a sandbox", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "agency-others-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** In a pid namespace of its own, as in a sandbox; a shell is its first process. */
  async function inside(scenario: string): Promise<{ before: number; problem: unknown; left: string[] }> {
    const script = join(folder, "script.mjs");
    const text = SCRIPT.replace("DAEMON", JSON.stringify(DAEMON)).replace("RABBIT", JSON.stringify(RABBIT));
    await writeFile(script, text);
    const own = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const command = '"$0" "$@"; exit $?';
    const args = [...own, "sh", "-c", command, process.execPath, script, scenario, folder];
    const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8", timeout: 30_000 });
    if (stdout === "") throw new Error(`unshare failed (apt-get install util-linux): ${stderr}`);
    return JSON.parse(stdout) as { before: number; problem: unknown; left: string[] };
  }

  it("takes daemons that left their parent, session and group", async () => {
    const { before, ...after } = await inside("daemon");
    expect(before).toBeGreaterThan(0);
    expect(after).toEqual({ problem: null, left: [] });
  });

  it("takes what forks faster than it can be looked for", async () => {
    expect(await inside("rabbit")).toMatchObject({ problem: null, left: [] });
  });

  it("leaves a program that the runner itself runs just now", async () => {
    expect(await inside("ours")).toMatchObject({ problem: null, left: ["sleep"] });
  });

  it("is refused to a runner that is not the first program of its sandbox", async () => {
    const refused = await endOthers({ clock: realClock, groups: new ProcessGroups() });
    expect(refused).toContain("not the first program");
  });
});
