import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLabWorkspace } from "../testing/checkpoint-lab.ts";
import type { LabWorkspace } from "../testing/checkpoint-lab.ts";
import { git } from "../testing/git-server.ts";
import { alreadyOnBranch } from "./already-on-branch.ts";

const { signal } = new AbortController();

describe("the work of a checkpoint on a branch", () => {
  let root: string;
  let lab: LabWorkspace;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "agency-branch-"));
    lab = await openLabWorkspace(root);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function commit(name: string): string {
    writeFileSync(join(lab.workspace, name), "x\n");
    git(lab.workspace, "add", "--all");
    git(lab.workspace, "commit", "--quiet", "-m", name);
    return git(lab.workspace, "rev-parse", "HEAD");
  }
  const found = (tip: string, files: string) =>
    alreadyOnBranch(lab.store, { since: lab.base, tip, commit: files, signal });

  it("is the commit with the very same files, whatever came after it", async () => {
    writeFileSync(join(lab.workspace, "mine"), "x\n");
    const captured = await lab.take();
    const files = captured?.commit ?? "";
    expect(await found(lab.base, files)).toBeNull();
    const pushed = commit("mine");
    expect(await found(pushed, files)).toBe(pushed);
    expect(await found(commit("theirs"), files)).toBe(pushed);
  });

  it("is not there when the branch has other files, or only what the work began from", async () => {
    const began = (await lab.take())?.commit ?? lab.base;
    const tip = commit("theirs");
    expect(await found(tip, began)).toBeNull();
    expect(await found("0".repeat(40), began)).toBeNull();
  });
});
