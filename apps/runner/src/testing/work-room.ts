import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RunnerEventBody } from "@agency/contract";
import { realClock } from "../clocks/real-clock.ts";
import type { Recorder } from "../journal/recorder.ts";
import { ProcessGroups } from "../process/groups.ts";
import { createGit } from "../workspace/git.ts";
import { git, GIT_ENV } from "./git-server.ts";

/** A repository with one commit to work in, and what the parts of a delivery need beside it. */
export class WorkRoom {
  readonly root: string;
  readonly workspace: string;
  readonly scratch: string;
  env: Record<string, string> = GIT_ENV;
  readonly clock = realClock;
  readonly groups = new ProcessGroups();
  readonly signal = new AbortController().signal;
  readonly events: RunnerEventBody[] = [];
  readonly recorder: Recorder = {
    hasRoom: true,
    record: async (body) => void this.events.push(body),
    close: () => this.events.length,
  };

  private constructor(root: string) {
    this.root = root;
    this.workspace = join(root, "workspace");
    this.scratch = join(root, "scratch");
    for (const folder of [this.workspace, this.scratch]) mkdirSync(folder);
  }

  static async open(files: Record<string, string> = { "a.txt": "one\n" }): Promise<WorkRoom> {
    const room = new WorkRoom(await mkdtemp(join(tmpdir(), "agency-work-")));
    room.run("init", "--quiet", "-b", "main");
    for (const [path, content] of Object.entries(files)) room.write(path, content);
    room.run("add", "--all");
    room.run("commit", "--quiet", "--allow-empty", "-m", "base");
    return room;
  }

  /** What every step is given. */
  get parts() {
    const { workspace, scratch, env, clock, groups, signal, recorder } = this;
    const git = createGit(workspace, env, clock, groups);
    return { workspace, scratch, env, clock, groups, signal, recorder, git };
  }

  get head(): string {
    return this.run("rev-parse", "HEAD");
  }

  run(...args: string[]): string {
    return git(this.workspace, ...args);
  }

  /** In the repository that the work is committed to. */
  runOwn(...args: string[]): string {
    return git(this.workspace, `--git-dir=${join(this.scratch, "work.git")}`, ...args);
  }

  write(path: string, content: string | Buffer, mode = 0o644): void {
    const full = join(this.workspace, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content, { mode });
  }

  notices(): string[] {
    return this.events.flatMap((event) => (event.type === "notice" ? [event.data.text] : []));
  }

  async close(): Promise<void> {
    this.groups.killAll();
    await rm(this.root, { recursive: true, force: true });
  }
}
