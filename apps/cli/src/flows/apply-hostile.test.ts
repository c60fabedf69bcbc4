import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processes } from "../processes.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { tarZst } from "../testing/tar.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
let root: string;
let folder: string;
beforeEach(async () => {
  api = await new FakeApi().start();
  root = realpathSync(mkdtempSync(join(tmpdir(), "agency-hostile-")));
  folder = join(root, "tree");
  mkdirSync(folder);
});
afterEach(async () => {
  rmSync(root, { recursive: true, force: true });
  await api.stop();
});

const at = (name: string) => join(folder, name);
const ran = () => existsSync(join(root, "ran"));
const put = (name: string, text: string) => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
};
const program = (name: string, rest = "") => {
  put(name, `#!/bin/sh\ntouch '${root}/ran'\n${rest}`);
  chmodSync(at(name), 0o755);
};
const git = (...args: string[]) => {
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...who, "-c", "core.hooksPath=/dev/null", ...args], {
    cwd: folder,
    encoding: "buffer",
    stdio: "pipe",
  });
};
const cliHere = () => testCli({ env: envFor(api), world: { cwd: folder, processes } });

function workOfTask(before: () => void, change: () => void): void {
  git("init", "-q");
  put("a.txt", "1\n2\n3\n4\n5\n");
  before();
  git("add", "-A");
  git("commit", "-qm", "base");
  change();
  git("add", "-A");
  const patch = git("diff", "--cached", "--binary", "--full-index", "--find-renames");
  git("reset", "-q", "--hard");
  const task = api.addTask({ state: "completed", repository: { url: "https://github.com/owner/name" } });
  api.work.add(task.id, { kind: "patch", name: "changes.patch" }, patch);
}

/** Everything the configuration of a repository can name, with the program in the tree. */
const TRAPS: [string, () => void, string, string][] = [
  [
    "a hook in a relative core.hooksPath",
    () => git("config", "core.hooksPath", "hooks"),
    "hooks/post-index-change",
    "git runs hooks from there",
  ],
  [
    "a file system monitor",
    () => git("config", "core.fsmonitor", "./tools/run"),
    "tools/run",
    "git runs it as core.fsmonitor",
  ],
  ...["clean", "smudge", "process"].map((kind): [string, () => void, string, string] => [
    `a ${kind} filter`,
    () => {
      git("config", `filter.evil.${kind}`, "tools/run");
      git("config", "filter.evil.required", "true");
    },
    "tools/run",
    `git runs it as filter.evil.${kind}`,
  ]),
  [
    "a merge driver",
    () => git("config", "merge.evil.driver", "tools/run %A %O %B"),
    "tools/run",
    "git runs it as merge.evil.driver",
  ],
  [
    "a program for diffs",
    () => {
      git("config", "diff.external", "tools/run");
      git("config", "diff.evil.textconv", "tools/run");
      git("config", "diff.evil.command", "tools/run");
    },
    "tools/run",
    "git runs it as diff.external",
  ],
];

describe("programs the task left in a repository", () => {
  it.each(TRAPS)("%s is not run, and is warned of", async (_, configure, path, why) => {
    workOfTask(
      () => put(".gitattributes", "*.txt filter=evil merge=evil diff=evil\n"),
      () => {
        program(path, "cat\n");
        put("a.txt", "1\nTWO\n3\n4\n5\n");
      },
    );
    configure();
    using dry = cliHere();
    expect(await dry.run("apply", "@last", "--dry-run")).toBe(0);
    expect(dry.stderr.text).toContain(`1 file of the task can run on this machine by itself`);
    expect(dry.stderr.text).toContain(`  ${path}: ${why}\n`);
    expect(existsSync(at(path))).toBe(false);
    using cli = cliHere();
    expect(await cli.run("apply", "@last"), cli.stderr.text).toBe(0);
    expect(cli.stderr.text).toContain(`  ${path}: ${why}\n`);
    expect(existsSync(at(path))).toBe(true);
    // Now that the program is there, everything that could start it is done once more.
    put("a.txt", "1\n2\n3\n4\nFIVE\n");
    using again = cliHere();
    rmSync(at(path));
    program(path, "cat\n");
    await again.run("apply", "@last", "--force");
    expect(ran()).toBe(false);
  });

  it("merges as git does where a merge driver is set", async () => {
    workOfTask(
      () => put(".gitattributes", "*.txt merge=evil\n"),
      () => put("a.txt", "1\nTWO\n3\n4\n5\n"),
    );
    program("../run");
    git("config", "merge.evil.driver", "../run");
    put("a.txt", "1\n2\n3\n4\nFIVE\n");
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--force"), cli.stderr.text).toBe(0);
    expect(readFileSync(at("a.txt"), "utf8")).toBe("1\nTWO\n3\n4\nFIVE\n");
    put("a.txt", "1\nzwei\n3\n4\n5\n");
    using conflict = cliHere();
    expect(await conflict.run("apply", "@last", "--force")).toBe(1);
    expect(readFileSync(at("a.txt"), "utf8")).toMatch(/<<<<<<< ours\nzwei\n=======\nTWO\n>>>>>>> theirs/);
    expect(ran()).toBe(false);
  });

  it("says which files come as git stores them because their filter is not run", async () => {
    workOfTask(
      () => put(".gitattributes", "*.big filter=lfs\n"),
      () => {
        put("größe.big", "version https://git-lfs.github.com/spec/v1\n");
        put("a.txt", "its\n");
      },
    );
    git("config", "filter.lfs.smudge", "git-lfs smudge -- %f");
    using cli = cliHere();
    expect(await cli.run("apply", "@last"), cli.stderr.text).toBe(0);
    expect(cli.stderr.text).toContain("these come as git stores them:\n  größe.big\n");
    expect(cli.stderr.text).not.toContain("a.txt");
  });

  it.each([
    [".husky/pre-commit", "git runs hooks from there"],
    [".gitattributes", "git runs filters and drivers it names"],
    ["sub/.gitmodules", "git fetches from where it says"],
    [".gitconfig", "git may read it"],
    [".vscode/tasks.json", "editors run tasks from there"],
    ["sub/.envrc", "direnv runs it"],
    [".devcontainer/devcontainer.json", "editors run what it names"],
    [".claude/settings.json", "coding agents run what it names"],
    [".github/workflows/ci.yml", "runs once it is pushed"],
  ])("%s is warned of, for programs too", async (path, why) => {
    workOfTask(
      () => {},
      () => {
        put(path, "x\n");
        put("src/main.ts", "x\n");
        put(".gitignore", "dist\n");
      },
    );
    using dry = cliHere();
    expect(await dry.run("apply", "@last", "--dry-run", "--json")).toBe(0);
    expect(JSON.parse(dry.stdout.text)).toMatchObject({ applied: false, runs: [{ path, why }] });
  });

  it("a file git includes its configuration from is warned of, and a linked folder of hooks", async () => {
    workOfTask(
      () => {
        put("team/git.ini", "[alias]\n\tx = y\n");
        put("tools/readme", "x\n");
        symlinkSync("tools", at("hooks"));
      },
      () => {
        put("team/git.ini", "[core]\n\teditor = evil\n");
        put("tools/pre-commit", "x\n");
      },
    );
    git("config", "include.path", "../team/git.ini");
    git("config", "core.hooksPath", "hooks");
    using dry = cliHere();
    expect(await dry.run("apply", "@last", "--dry-run")).toBe(0);
    expect(dry.stderr.text).toContain("team/git.ini: git reads its configuration from it");
    expect(dry.stderr.text).toContain("tools/pre-commit: git runs hooks from there");
  });

  it("is warned of in a folder that gets the whole workspace, too", async () => {
    git("init", "-q");
    git("config", "core.hooksPath", "sub/hooks");
    mkdirSync(at("sub"));
    const { id } = api.addTask({ state: "completed" });
    const files = tarZst({ name: "hooks/pre-commit", body: "x" }, { name: ".envrc", body: "x" });
    api.work.add(id, { kind: "archive", name: "w" }, files);
    using cli = testCli({ env: envFor(api), world: { cwd: at("sub"), processes } });
    expect(await cli.run("apply", "@last")).toBe(0);
    expect(cli.stderr.text).toContain("  hooks/pre-commit: git runs hooks from there\n");
    expect(cli.stderr.text).toContain("  .envrc: direnv runs it\n");
  });
});

describe("links the task left", () => {
  it.each(["/etc", "../..", "../outside/file", "sub/../../outside", ".git/hooks"])(
    "one to %s is left out of a work tree, and the rest is applied",
    async (target) => {
      workOfTask(
        () => {},
        () => {
          put("a.txt", "1\nTWO\n3\n4\n5\n");
          put("deep/er/x", "x\n");
          symlinkSync("../../a.txt", at("deep/er/good"));
          symlinkSync(target, at("odd [näme]*"));
        },
      );
      using dry = cliHere();
      expect(await dry.run("apply", "@last", "--dry-run")).toBe(0);
      expect(dry.stderr.text).toContain("Left out 1:\n  odd [näme]* points ");
      using cli = cliHere();
      expect(await cli.run("apply", "@last"), cli.stderr.text).toBe(0);
      expect(cli.stderr.text).toContain("Left out 1:\n  odd [näme]* points ");
      expect(cli.stdout.text).toContain("3 files changed");
      expect(lstatSync(at("odd [näme]*"), { throwIfNoEntry: false })).toBe(undefined);
      expect(readlinkSync(at("deep/er/good"))).toBe("../../a.txt");
      expect(readFileSync(at("a.txt"), "utf8")).toContain("TWO");
    },
  );

  it("nothing is written through a link that is here, not even with --force", async () => {
    workOfTask(
      () => put("deep/old.txt", "old\n"),
      () => {
        put("dir/new.txt", "its\n");
        put("deep/old.txt", "its\n");
        put("a.txt", "its\n");
      },
    );
    const outside = join(root, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "old.txt"), "old\n");
    symlinkSync(outside, at("dir"));
    rmSync(at("deep"), { recursive: true });
    symlinkSync(outside, at("deep"));
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--force")).toBe(1);
    expect(cli.stderr.text).toContain("dir/new.txt lies behind the link dir\n");
    expect(cli.stderr.text).toContain("deep/old.txt lies behind the link deep\n");
    expect(existsSync(join(outside, "new.txt"))).toBe(false);
    expect(readFileSync(join(outside, "old.txt"), "utf8")).toBe("old\n");
    expect(readFileSync(at("a.txt"), "utf8")).toBe("1\n2\n3\n4\n5\n");
  });

  it("a folder may take the place of a link of the repository's own", async () => {
    workOfTask(
      () => symlinkSync("elsewhere", at("dir")),
      () => {
        rmSync(at("dir"));
        put("dir/new.txt", "its\n");
      },
    );
    using cli = cliHere();
    expect(await cli.run("apply", "@last"), cli.stderr.text).toBe(0);
    expect(readFileSync(at("dir/new.txt"), "utf8")).toBe("its\n");
  });

  it("a plain folder is not written through them either", async () => {
    const outside = join(root, "outside");
    mkdirSync(outside);
    symlinkSync(outside, at("dir"));
    const { id } = api.addTask({ state: "completed" });
    api.work.add(id, { kind: "archive", name: "w" }, tarZst({ name: "dir/new.txt", body: "its" }));
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--force")).toBe(1);
    expect(cli.stderr.text).toContain("dir is not a folder");
    expect(existsSync(join(outside, "new.txt"))).toBe(false);
  });
});
