import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BranchMoved } from "@agency/core";
import { GIT_HOST_CREDENTIAL } from "@agency/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGitRoute } from "../git/git-route.ts";
import { CALLER, GIT_ENV, openGitLab } from "../git/testing/git-lab.ts";
import type { GitLab } from "../git/testing/git-lab.ts";
import { createCaptureLogger } from "../testing/capture-logger.ts";
import { createBranchMover } from "./branch-mover.ts";
import type { ClosableBranchMover } from "./branch-mover.ts";
import { execFileSync } from "node:child_process";

const OWN = `agency/${CALLER.taskId}/fix`;
let lab: GitLab;
let mover: ClosableBranchMover;
let root: string;
let name: string;
let work: string;
let count = 0;

beforeAll(async () => {
  lab = await openGitLab();
  root = await mkdtemp(join(lab.folder, "moves-"));
  const route = createGitRoute({
    rightsOf: async () => ({
      repository: { url: `${lab.host.origin}/${name}`, pushBranch: "fix" },
      repositories: [],
      allowInternalHosts: [lab.host.host],
      isStopped: false,
    }),
    credentials: { forGit: async () => GIT_HOST_CREDENTIAL },
    fence: { watch: () => ({ signal: new AbortController().signal, release() {} }) },
    report: () => undefined,
    logger: createCaptureLogger(),
    now: Date.now,
  });
  mover = await createBranchMover({ root, route });
});
afterAll(async () => {
  await mover.close();
  await lab[Symbol.asyncDispose]();
});

const git = (...args: string[]) =>
  execFileSync("git", ["-C", work, ...args], { env: GIT_ENV, encoding: "utf8" }).trim();
const tip = (branch: string) => lab.onHost(name, "rev-parse", branch);

async function commit(file: string): Promise<string> {
  await writeFile(join(work, file), file);
  git("add", ".");
  git("commit", "--quiet", "-m", file);
  return git("rev-parse", "HEAD");
}

/** A branch `fix` of other people, and the task's own branch one commit ahead of it. */
beforeEach(async () => {
  name = `repo-${(count += 1)}.git`;
  await lab.seed(name);
  await lab.onHost(name, "config", "uploadpack.allowFilter", "true");
  work = await mkdtemp(join(lab.folder, "work-"));
  git("clone", "--quiet", join(lab.folder, "host", name), ".");
  await commit("theirs");
  git("push", "--quiet", "origin", "HEAD:fix");
  await commit("ours");
  git("push", "--quiet", "origin", `HEAD:${OWN}`);
});

function advance(id: string, to = "fix", from = OWN): Promise<BranchMoved> {
  return mover.advance(CALLER, { repositoryUrl: `${lab.host.origin}/${name}`, from, commit: id, to });
}

describe("a branch that is moved by the server", () => {
  it.each(["true", "false"])("goes forward to what was pushed, once (filter: %s)", async (filter) => {
    await lab.onHost(name, "config", "uploadpack.allowFilter", filter);
    const id = await tip(OWN);
    expect(await advance(id)).toEqual({ kind: "moved" });
    expect(await tip("fix")).toBe(id);
    expect(await advance(id)).toEqual({ kind: "moved" });
    await commit("somebody goes on");
    git("push", "--quiet", "origin", "HEAD:fix");
    expect(await advance(id)).toEqual({ kind: "moved" });
    expect(await tip("fix")).toBe(git("rev-parse", "HEAD"));
    expect(await readdir(root)).toEqual([]);
  });

  it("stays where it is when somebody else has gone on from there", async () => {
    git("checkout", "--quiet", "HEAD~1");
    const theirs = await commit("meanwhile");
    git("push", "--quiet", "origin", "HEAD:fix");
    expect(await advance(await tip(OWN))).toEqual({ kind: "diverged" });
    expect(await tip("fix")).toBe(theirs);
  });

  it("stays where it is when the task's branch is not at that commit", async () => {
    const before = await tip("fix");
    expect(await advance(before)).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("no longer at"),
    });
    expect(await advance("0".repeat(40), "fix", `agency/${CALLER.taskId}/none`)).toMatchObject({
      kind: "refused",
    });
    expect(await tip("fix")).toBe(before);
  });

  it("is only the one the broker has the right for, and the host has its own say", async () => {
    const id = await tip(OWN);
    expect(await advance(id, "main")).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("may push"),
    });
    await writeFile(join(lab.folder, "host", name, "hooks", "pre-receive"), "#!/bin/sh\nexit 1\n", {
      mode: 0o755,
    });
    expect(await advance(id)).toMatchObject({ kind: "refused", why: expect.stringContaining("declined") });
    expect(await tip("fix")).not.toBe(id);
  });
});
