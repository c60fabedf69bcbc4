import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ENV = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Owner",
  GIT_AUTHOR_EMAIL: "owner@example.invalid",
  GIT_COMMITTER_NAME: "Owner",
  GIT_COMMITTER_EMAIL: "owner@example.invalid",
};

export function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, {
    cwd,
    env: ENV,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** A bare repository that can be pushed to, with nothing in it. */
export async function makeBare(bare: string): Promise<void> {
  await mkdir(bare, { recursive: true });
  git(bare, "init", "--quiet", "--bare", "--initial-branch=main");
  git(bare, "config", "http.receivepack", "true");
}

/** The same with one commit of these files on `main`. What lies in a folder of hooks can be run. */
export async function makeRepository(bare: string, files: Readonly<Record<string, string>>): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "agency-git-work-"));
  await makeBare(bare);
  git(work, "init", "--quiet", "--initial-branch=main");
  for (const [name, text] of Object.entries(files)) {
    const path = join(work, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    if (name.includes("/hooks/")) await chmod(path, 0o755);
  }
  git(work, "add", ".");
  git(work, "commit", "--quiet", "-m", "Begin");
  git(work, "push", "--quiet", bare, "main");
  await rm(work, { recursive: true });
}
