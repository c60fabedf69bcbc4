import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { currentRepository } from "./current-repository.ts";
import { remoteUrl } from "./git-config.ts";

describe("the address of a remote", () => {
  it.each([
    ['[remote "origin"]\n\turl = git@github.com:o/n.git\n', "git@github.com:o/n.git"],
    ['[remote "origin"] url=https://h/o/n', "https://h/o/n"],
    ['[Remote "origin"]\r\n URL = "https://h/o/n" ; comment\r\n', "https://h/o/n"],
    ['[remote "origin"]\nurl = https://h/o/n # comment\npushurl = https://p/q/r', "https://h/o/n"],
    ['[remote "origin"]\nfetch = +x\n[branch "main"]\nurl = https://no/no/no', null],
    ['[remote "Origin"]\nurl = https://h/o/n', null],
    ['# [remote "origin"]\nurl = https://h/o/n', null],
    ['[remote "origin"]\nurl =\n', null],
    ["", null],
  ])("in %j is %j", (config, url) => expect(remoteUrl(config, "origin")).toBe(url));
});

it("a linked work tree finds the configuration of its repository", () => {
  const top = mkdtempSync(join(tmpdir(), "agency-worktree-"));
  try {
    mkdirSync(join(top, "main/.git/worktrees/w"), { recursive: true });
    mkdirSync(join(top, "w/src"), { recursive: true });
    writeFileSync(join(top, "main/.git/config"), '[remote "origin"]\nurl = git@host.test:o/n.git\n');
    writeFileSync(join(top, "main/.git/worktrees/w/commondir"), "../..\n");
    writeFileSync(join(top, "w/.git"), `gitdir: ${top}/main/.git/worktrees/w\n`);
    expect(currentRepository(join(top, "w/src"))).toBe("https://host.test/o/n.git");
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});
