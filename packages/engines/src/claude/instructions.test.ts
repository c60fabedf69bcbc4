import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readInstructions } from "./instructions.ts";

describe("readInstructions", () => {
  let root = "";
  let workspace = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "agency-instructions-"));
    workspace = join(root, "workspace");
    await mkdir(workspace);
  });
  afterEach(() => rm(root, { recursive: true }));

  it("is empty for a repository without any", async () => {
    expect(await readInstructions(workspace)).toBe("");
    expect(await readInstructions(join(root, "missing"))).toBe("");
  });

  it("joins both files, each under its name", async () => {
    await writeFile(join(workspace, "CLAUDE.md"), "Be brief.\n");
    await writeFile(join(workspace, "AGENTS.md"), "Be kind.\n");
    const text = await readInstructions(workspace);
    expect(text).toContain("## CLAUDE.md\n\nBe brief.");
    expect(text).toContain("## AGENTS.md\n\nBe kind.");
  });

  it("says the same text once when one file is a link to the other", async () => {
    await writeFile(join(workspace, "AGENTS.md"), "Be kind.");
    await symlink("AGENTS.md", join(workspace, "CLAUDE.md"));
    expect((await readInstructions(workspace)).match(/Be kind/gu)).toHaveLength(1);
  });

  it("follows no link out of the workspace", async () => {
    await writeFile(join(root, "secret"), "token");
    await symlink(join(root, "secret"), join(workspace, "CLAUDE.md"));
    await symlink("/proc/self/environ", join(workspace, "AGENTS.md"));
    expect(await readInstructions(workspace)).toBe("");
  });

  it("reads no folder and waits for no pipe", async () => {
    await mkdir(join(workspace, "CLAUDE.md"));
    execFileSync("mkfifo", [join(workspace, "AGENTS.md")]);
    expect(await readInstructions(workspace)).toBe("");
  });

  it("cuts a long file and says so", async () => {
    await writeFile(join(workspace, "AGENTS.md"), "ä".repeat(100_000));
    const text = await readInstructions(workspace);
    expect(Buffer.byteLength(text)).toBeLessThan(66 * 1024);
    expect(text).toContain("left out");
    expect(text).not.toContain("\uFFFD");
  });
});
