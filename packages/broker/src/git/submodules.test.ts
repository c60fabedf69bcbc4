import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openGitAgent, openGitLab } from "./testing/git-lab.ts";
import type { GitAgent, GitLab } from "./testing/git-lab.ts";

let lab: GitLab;

beforeAll(async () => {
  lab = await openGitLab();
  for (const name of ["relative.git", "absolute.git", "private/listed.git", "private/unlisted.git"]) {
    await lab.seed(name);
  }
});
afterAll(() => lab[Symbol.asyncDispose]());

/** A repository with these submodules, as the agent clones it. */
async function clone(agent: GitAgent, name: string, modules: Record<string, string>): Promise<string> {
  const text = Object.entries(modules).map(
    ([path, url]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`,
  );
  await lab.seed(name, { ".gitmodules": text.join("") });
  const commit = await lab.onHost("relative.git", "rev-parse", "HEAD");
  const entries = Object.keys(modules).flatMap((path) => ["--cacheinfo", `160000,${commit},${path}`]);
  const folder = await mkdtemp(join(lab.folder, "clone-"));
  await agent.ok(lab.folder, "clone", "-q", `${lab.host.origin}/${name}`, folder);
  await agent.ok(folder, "update-index", "--add", ...entries);
  return folder;
}

describe("submodules through the git broker", () => {
  it("come along, relative and absolute, public and private when the task names them", async () => {
    const { origin } = lab.host;
    const rights = {
      repository: { url: `${origin}/parent.git` },
      repositories: [`${origin}/private/listed.git`],
    };
    await using agent = await openGitAgent(lab, rights);
    const folder = await clone(agent, "parent.git", {
      relative: "../relative.git",
      absolute: `${origin}/absolute.git`,
      listed: "../private/listed.git",
    });
    await agent.ok(folder, "submodule", "update", "--init", "--recursive");
    for (const path of ["relative", "absolute", "listed"]) {
      expect(await readFile(join(folder, path, "hello.txt"), "utf8")).toBe("hello\n");
    }
  });

  it("stay closed when they are private and the task does not name them", async () => {
    const { origin } = lab.host;
    await using agent = await openGitAgent(lab, { repository: { url: `${origin}/parent-2.git` } });
    const folder = await clone(agent, "parent-2.git", { unlisted: "../private/unlisted.git" });
    const { code, text } = await agent.git(folder, "submodule", "update", "--init");
    expect(code).not.toBe(0);
    expect(text).toMatch(/is private\. Name it in the task's `repositories` \(--also\)/);
    expect(lab.host.seen.at(-1)).toMatchObject({ user: null });
  });
});
