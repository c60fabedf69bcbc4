import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtemp, mkdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Agency } from "./agency.ts";

const CLI = new URL("../../apps/cli/src/main.ts", import.meta.url).pathname;
const claudeFolder = `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}`;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A person's machine: a home of its own, a folder of work, and the real programs. */
export class Laptop implements AsyncDisposable {
  readonly root: string;
  readonly folder: string;
  readonly #env: Record<string, string>;

  private constructor(root: string, env: Record<string, string>) {
    this.root = root;
    this.folder = join(root, "work");
    this.#env = env;
  }

  static async start(agency: Agency, model: { url: string; key: string }): Promise<Laptop> {
    const root = await realpath(await mkdtemp(join(tmpdir(), "agency-laptop-")));
    await mkdir(join(root, "work"));
    await mkdir(join(root, "home"));
    return new Laptop(root, {
      PATH: process.env["PATH"] ?? "",
      HOME: join(root, "home"),
      AGENCY_URL: agency.url,
      AGENCY_API_KEY: agency.apiKey,
      IS_SANDBOX: "1",
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: model.key,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "Owner",
      GIT_AUTHOR_EMAIL: "owner@example.invalid",
      GIT_COMMITTER_NAME: "Owner",
      GIT_COMMITTER_EMAIL: "owner@example.invalid",
    });
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Where Claude Code keeps the transcript of a session of the folder. */
  transcript(sessionId: string): string {
    const project = this.folder.replace(/[^A-Za-z0-9]/g, "-");
    return join(this.root, "home", ".claude", "projects", project, `${sessionId}.jsonl`);
  }

  agency(...args: string[]): Promise<Ran> {
    return this.#run(process.execPath, [CLI, ...args]);
  }

  /** The engine's own program, as a person has it. */
  claude(...args: string[]): Promise<Ran> {
    const claude = createRequire(import.meta.resolve("@agency/engines")).resolve(`${claudeFolder}/claude`);
    return this.#run(claude, args);
  }

  async git(...args: string[]): Promise<string> {
    const ran = await this.#run("git", args);
    if (ran.code !== 0) throw new Error(`git ${args.join(" ")} failed: ${ran.stderr}`);
    return ran.stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }

  #run(command: string, args: string[]): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: this.folder,
        env: this.#env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const said = { stdout: "", stderr: "" };
      child.stdout.on("data", (bytes: Buffer) => (said.stdout += bytes.toString()));
      child.stderr.on("data", (bytes: Buffer) => (said.stderr += bytes.toString()));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, ...said }));
    });
  }
}
