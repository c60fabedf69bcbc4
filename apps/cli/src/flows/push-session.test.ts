import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { processes } from "../processes.ts";
import { testCli } from "../testing/test-cli.ts";

const DRY = ["push-session", "--dry-run", "--no-session", "Go on."];

function folder(files: Record<string, string>) {
  const cli = testCli({ world: { processes } });
  const cwd = join(cli.home, "work");
  cli.world.cwd = cwd;
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", cwd, "-c", "user.name=U", "-c", "user.email=u@example.com", ...args]);
  mkdirSync(cwd);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return { cli, git };
}

describe("what push-session says it sends", () => {
  it("is the files alone of a folder that is in no repository", async () => {
    const { cli } = folder({ "a.txt": "one\n", "b.txt": "two\n" });
    using _ = cli;
    expect(await cli.run(...DRY)).toBe(0);
    expect(cli.stderr.text).toBe(
      "Sending 2 files (8 B):\n  a.txt\n  b.txt\nNo session goes along: the agent begins anew.\n",
    );
  });

  it("is no list where there is none to follow", async () => {
    const { cli } = folder({});
    using _ = cli;
    expect(await cli.run(...DRY)).toBe(0);
    expect(cli.stderr.text).toContain("Sending 0 files (0 B).\n");
  });

  it("is what is committed, too, in a repository that is published nowhere", async () => {
    const { cli, git } = folder({ "a.txt": "one\n" });
    using _ = cli;
    git("init", "--quiet");
    git("add", "a.txt");
    expect(await cli.run(...DRY)).toBe(0);
    expect(cli.stderr.text).toContain("Sending 1 file (4 B):\n  a.txt\n");
    git("commit", "--quiet", "-m", "one");
    expect(await cli.run(...DRY)).toBe(0);
    expect(cli.stderr.text).toContain(
      "Sending 0 uncommitted files (0 B) and everything committed here, 1 file in all.\n",
    );
  });
});
