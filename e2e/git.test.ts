import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGitHost } from "@agency/testing";
import type { GitHost } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CreateTaskInput, TaskEvent } from "@agency/contract";
import { Agency } from "./support/agency.ts";
import { git } from "./support/git-repository.ts";

const SECRET = "agency:host-secret";

let folder: string;
let host: GitHost;
let agency: Agency;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-git-"));
  for (const name of ["private/work", "private/other", "private/listed", "open/public"])
    await makeRepository(name);
  host = await startGitHost(folder);
  agency = await Agency.start({ env: { AGENCY_INTERNAL_HOSTS: host.host } });
  await agency.client.setSecret(`GIT_TOKEN@${host.host}`, { value: SECRET });
});

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function makeRepository(name: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "agency-git-work-"));
  const bare = join(folder, `${name}.git`);
  await mkdir(bare, { recursive: true });
  git(work, "init", "--quiet", "--initial-branch=main");
  await writeFile(join(work, "README.md"), `This is ${name}.\n`);
  git(work, "add", ".");
  git(work, "commit", "--quiet", "-m", "Begin");
  git(bare, "init", "--quiet", "--bare", "--initial-branch=main");
  git(bare, "config", "http.receivepack", "true");
  git(work, "push", "--quiet", bare, "main");
  await rm(work, { recursive: true });
}

const refsOf = (name: string): string[] =>
  git(join(folder, `${name}.git`), "for-each-ref", "--format=%(refname)").split("\n");

async function run(command: string, more: Partial<CreateTaskInput> = {}) {
  const { id } = await agency.client.createTask({
    prompt: "Work.",
    engine: "command",
    command,
    repository: { url: `${host.origin}/private/work.git` },
    ...more,
  });
  const { task, events } = await agency.finished(id);
  const said = events.flatMap((event) => (event.type === "log" ? [event.data.text] : [])).join("\n");
  return { task, events, said, story: () => agency.story(id) };
}

const gitEvents = (events: TaskEvent[]) =>
  events.flatMap((event) => (event.type === "git" ? [event.data] : []));

describe("git in a sandbox", () => {
  it("clones a private repository and pushes to its own branch, with no token inside", async () => {
    const { task, events, said, story } = await run(
      'cat README.md; echo more >> README.md; git commit -qam "Do more"; git push origin HEAD:"$AGENCY_BRANCH" 2>&1; ' +
        "git fetch origin 2>&1 && echo fetched; git remote get-url origin; env; cat .git/config ~/.gitconfig 2>/dev/null; true",
    );
    expect(task.state, await story()).toBe("completed");
    expect(said).toContain("This is private/work.");
    expect(said).toContain("fetched");
    expect(said).toContain(`${host.origin}/private/work.git`);
    expect(refsOf("private/work")).toContain(`refs/heads/agency/${task.id}/work`);
    expect(gitEvents(events).map(({ action, verdict }) => `${action} ${verdict}`)).toEqual(
      expect.arrayContaining(["fetch allowed", "push allowed"]),
    );
    // The control: the host does ask for the token, and was given it.
    expect(host.seen.some(({ user }) => user === "agency")).toBe(true);
    expect(JSON.stringify(events)).not.toContain("host-secret");
    expect(said).not.toContain(Buffer.from(SECRET).toString("base64"));
  });

  it.each([
    ["main", "git push origin HEAD:main"],
    ["a tag", "git tag v1 && git push origin v1"],
    ["another task's branch", "git push origin HEAD:agency/0/work"],
    ["the deletion of main", "git push origin --delete main"],
    ["its own branch together with main", 'git push --atomic origin HEAD:"$AGENCY_BRANCH" HEAD:main'],
  ])("is refused a push of %s, and git says why", async (_, push) => {
    const before = refsOf("private/work");
    const { events, said, story } = await run(
      `git commit -q --allow-empty -m x; ${push} 2>&1; echo "exit $?"`,
    );
    expect(said, await story()).toMatch(/exit [1-9]/);
    expect(said).toMatch(/rejected|declined|refused|may not|only/i);
    expect(gitEvents(events)).toContainEqual(expect.objectContaining({ action: "push", verdict: "denied" }));
    expect(refsOf("private/work")).toEqual(before);
  });

  it("reads what the task lists, reads what is public, and neither reads nor writes anything else", async () => {
    const { said, story } = await run(
      ["private/listed", "open/public", "private/other"]
        .map(
          (name) =>
            `git clone -q ${host.origin}/${name}.git ${name.replace("/", "-")} 2>&1 && echo "got ${name}"`,
        )
        .concat(
          `cd private-listed && git commit -q --allow-empty -m x && git push origin HEAD:agency/x 2>&1; echo "push exit $?"`,
        )
        .join("; "),
      { repositories: [`${host.origin}/private/listed.git`] },
    );
    expect(said, await story()).toContain("got private/listed");
    expect(said).toContain("got open/public");
    expect(said).not.toContain("got private/other");
    expect(said).toMatch(/push exit [1-9]/);
    expect(refsOf("private/listed")).toEqual(["refs/heads/main"]);
  });

  it("pushes to the one further branch that the task was given", async () => {
    const { task, story } = await run(
      "git commit -q --allow-empty -m x; git push origin HEAD:release/next 2>&1",
      {
        repository: { url: `${host.origin}/private/work.git`, pushBranch: "release/next" },
      },
    );
    expect(task.state, await story()).toBe("completed");
    expect(refsOf("private/work")).toContain("refs/heads/release/next");
  });

  it("says what is missing when the credential is", async () => {
    await agency.client.removeSecret(`GIT_TOKEN@${host.host}`);
    const { task, story } = await run("true");
    await agency.client.setSecret(`GIT_TOKEN@${host.host}`, { value: SECRET });
    expect(task, await story()).toMatchObject({ state: "failed", reason: "setup_failed" });
    expect(await story()).toMatch(/credential/i);
  });
});
