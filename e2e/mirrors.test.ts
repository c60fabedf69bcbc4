import { createHash } from "node:crypto";
import { access, chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { startGitHost } from "@agency/testing";
import type { GitHost } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CreateTaskInput } from "@agency/contract";
import { Agency } from "./support/agency.ts";
import { git } from "./support/git-repository.ts";

let folder: string;
let host: GitHost;
let agency: Agency;
let plain: Agency;
let canary: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-mirrors-"));
  canary = join(folder, "canary");
  await makeRepository("private/work");
  await makeRepository("open/hostile", seedHostile);
  await makeRepository("open/odd", seedOdd);
  await makeRepository("open/kept", seedKept);
  git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "open/empty.git");
  host = await startGitHost(folder);
  const env = { AGENCY_INTERNAL_HOSTS: host.host };
  [agency, plain] = await Promise.all([
    Agency.start({ env }),
    Agency.start({ env: { ...env, AGENCY_MIRROR_BYTES: "0" } }),
  ]);
  for (const server of [agency, plain])
    await server.client.setSecret(`GIT_TOKEN@${host.host}`, { value: "agency:host-secret" });
});

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function makeRepository(
  name: string,
  seed: (work: string) => Promise<void> = async () => {},
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "agency-mirrors-work-"));
  git(work, "init", "--quiet", "--initial-branch=main");
  await writeFile(join(work, "README.md"), `This is ${name}.\n`);
  await seed(work);
  git(work, "add", "--all");
  git(work, "commit", "--quiet", "-m", "Begin");
  git(work, "clone", "--quiet", "--bare", work, join(folder, `${name}.git`));
  git(join(folder, `${name}.git`), "config", "http.receivepack", "true");
  await rm(work, { recursive: true });
}

/** What git runs for a repository that is believed. */
async function seedHostile(work: string): Promise<void> {
  const script = `#!/bin/sh\necho run >> ${canary}\n`;
  await mkdir(join(work, "hooks"));
  for (const hook of ["post-checkout", "reference-transaction", "post-index-change"])
    await writeFile(join(work, "hooks", hook), script, { mode: 0o755 });
  await writeFile(join(work, "evil"), script);
  await chmod(join(work, "evil"), 0o755);
  await writeFile(join(work, ".gitattributes"), "* filter=evil\n");
  await writeFile(
    join(work, "config"),
    '[core]\n\tfsmonitor = ./evil\n\thooksPath = hooks\n[filter "evil"]\n\tsmudge = ./evil\n',
  );
  await writeFile(
    join(work, ".gitmodules"),
    '[submodule "x"]\n\tpath = x\n\turl = https://h.invalid/x\n\tupdate = merge\n',
  );
}

async function seedOdd(work: string): Promise<void> {
  await writeFile(join(work, "two\nlines"), "one\n");
  await writeFile(Buffer.concat([Buffer.from(`${work}/latin-`), Buffer.from([0xe9])]), "two\n");
  await symlink("../../../../etc/passwd", join(work, "way-out"));
}

async function seedKept(work: string): Promise<void> {
  await writeFile(join(work, "same.txt"), "as it was\n\n\n");
  await writeFile(join(work, "gone.txt"), "gone\n");
}

async function run(server: Agency, name: string, command: string, more: Partial<CreateTaskInput> = {}) {
  const { id } = await server.client.createTask({
    prompt: "Work.",
    engine: "command",
    command,
    repository: { url: `${host.origin}/${name}.git`, ...more.repository },
    ...more,
  });
  const { task, events } = await server.finished(id);
  const said = events.flatMap((event) => (event.type === "log" ? [event.data.text] : [])).join("\n");
  return { task, said, story: () => server.story(id) };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const BORROWS = "cat .git/objects/info/alternates 2>/dev/null || echo borrows nothing";

describe("a checkout from a mirror", () => {
  it("borrows what the server has, and everything later works as without", async () => {
    const work =
      `${BORROWS}; echo more >> README.md; git commit -qam "Do more"; git gc -q --prune=now; git fsck && echo sound; ` +
      "git status --porcelain; (echo x > /opt/agency/mirror/HEAD) 2>&1; git log --oneline | wc -l";
    const { task, said, story } = await run(agency, "private/work", work, {
      deliver: "branch",
      checks: ["grep -q more README.md"],
    });
    expect(task.state, await story()).toBe("completed");
    expect(said).toContain("/opt/agency/mirror/objects");
    expect(said).toContain("sound");
    expect(said).toMatch(/read-only file system/i);
    const pushed = git(join(folder, "private/work.git"), "show", `agency/${task.id}/work:README.md`);
    expect(pushed).toContain("more");
    expect(git(join(folder, "private/work.git"), "fsck", "--full", "--no-dangling")).toBe("");
  });

  it("is current: what was pushed a moment ago is there", async () => {
    const bare = join(folder, "private/work.git");
    const tree = git(bare, "rev-parse", "main^{tree}");
    git(bare, "update-ref", "refs/heads/main", git(bare, "commit-tree", "-p", "main", "-m", "Newest", tree));
    const { said, story } = await run(agency, "private/work", `git log -1 --format=%s; ${BORROWS}`);
    expect(said, await story()).toContain("Newest");
    expect(said).toContain("/opt/agency/mirror/objects");
  });

  it("is not made for a server that keeps no mirrors", async () => {
    const { said, story } = await run(plain, "private/work", BORROWS);
    expect(said, await story()).toContain("borrows nothing");
  });

  it("goes on in a task that resumes another", async () => {
    const first = await run(
      agency,
      "private/work",
      "echo kept > kept.txt; git add kept.txt; git commit -qm Kept",
    );
    expect(first.task.state, await first.story()).toBe("completed");
    const { said, story } = await run(
      agency,
      "private/work",
      `cat kept.txt; ${BORROWS}; git fsck && echo sound`,
      {
        resume: { taskId: first.task.id },
      },
    );
    expect(said, await story()).toContain("kept");
    expect(said).toContain("sound");
  });
});

describe("the files of a checkpoint of a repository", () => {
  const ODD = "caf\u{fffd}";
  const work =
    "echo more >> README.md; printf 'a\\0b' > new.bin; printf odd > $(printf 'caf\\351'); " +
    "printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh; ln -s ../away link; rm gone.txt; " +
    "head -c 17000000 /dev/urandom > large.bin; sha256sum large.bin | cut -c-64 > large.sum";

  async function checkpointOf(server: Agency) {
    const { task, story } = await run(server, "open/kept", work);
    expect(task.state, await story()).toBe("completed");
    const [newest] = await server.client.checkpoints(task.id);
    const number = newest?.number ?? 0;
    const read = async (path: string) =>
      buffer(await server.client.checkpointFileContent(task.id, number, path));
    return { read, list: () => server.client.checkpointFiles(task.id, number) };
  }

  it("are read byte for byte, those that are as in the repository from the mirror", async () => {
    const { read, list } = await checkpointOf(agency);
    const { files, deleted, base } = await list();
    expect(base).toBe(git(join(folder, "open/kept.git"), "rev-parse", "main"));
    expect(deleted).toEqual(["gone.txt"]);
    expect(files).toMatchObject([
      { path: "README.md", change: "modified", bytes: 24 },
      { path: ODD, change: "added" },
      { path: "large.bin", change: "added", bytes: 17_000_000 },
      { path: "large.sum", change: "added" },
      { path: "link", kind: "link", target: "../away", change: "added" },
      { path: "new.bin", change: "added" },
      { path: "run.sh", change: "added", mode: 0o755 },
      { path: "same.txt", bytes: 12 },
    ]);
    expect(files.at(-1)).not.toHaveProperty("change");
    expect((await read("README.md")).toString()).toBe("This is open/kept.\nmore\n");
    expect((await read("new.bin")).toString("hex")).toBe("610062");
    expect((await read(ODD)).toString()).toBe("odd");
    expect((await read("run.sh")).toString()).toBe("#!/bin/sh\n");
    const sum = createHash("sha256")
      .update(await read("large.bin"))
      .digest("hex");
    expect((await read("large.sum")).toString()).toBe(`${sum}\n`);
    expect((await read("same.txt")).toString()).toBe("as it was\n\n\n");
    await expect(read("link")).rejects.toMatchObject({ code: "conflict" });
    await expect(read("gone.txt")).rejects.toMatchObject({ code: "not_found" });
  });

  it("say where those are that are as in the repository when the server keeps no mirrors", async () => {
    const { read, list } = await checkpointOf(plain);
    expect((await read("new.bin")).toString("hex")).toBe("610062");
    const { base } = await list();
    await expect(read("same.txt")).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`as in commit ${base}`),
      next: expect.stringContaining("git cat-file blob"),
    });
  });
});

describe.each([
  ["with mirrors", () => agency],
  ["without mirrors", () => plain],
])("a repository that gives trouble, %s", (_, server) => {
  it.each([
    ["is missing", "private/nowhere", {}, /does not exist/i],
    [
      "has no such branch",
      "private/work",
      { branch: "nowhere" },
      /nowhere.*not found|could not find remote branch/i,
    ],
  ])("that %s fails with a sentence that says so", async (__, name, repository, words) => {
    const { task, story } = await run(server(), name, "true", {
      repository: { url: `${host.origin}/${name}.git`, ...repository },
    });
    expect(task, await story()).toMatchObject({ state: "failed", reason: "setup_failed" });
    expect(await story()).toMatch(words);
  });

  it("that is private fails without its credential, whoever had one before", async () => {
    const { client } = server();
    await run(server(), "private/work", "true");
    await client.removeSecret(`GIT_TOKEN@${host.host}`);
    const { task, story } = await run(server(), "private/work", "true");
    await client.setSecret(`GIT_TOKEN@${host.host}`, { value: "agency:host-secret" });
    expect(task, await story()).toMatchObject({ state: "failed", reason: "setup_failed" });
    expect(await story()).toMatch(/credential/i);
  });

  it("that is empty is begun", async () => {
    const { task, said, story } = await run(server(), "open/empty", "git log --format=%s");
    expect(task.state, await story()).toBe("completed");
    expect(said).toContain("Start of the task");
  });

  it("with names of newlines and unknown encodings and a link out of it is checked out as it is", async () => {
    const { task, said, story } = await run(
      server(),
      "open/odd",
      "git status --porcelain; ls | wc -l; readlink way-out; cat way-out",
    );
    expect(task.state, await story()).toBe("completed");
    expect(said).toContain("../../../../etc/passwd");
    // Inside it is the sandbox's own file.
    expect(said).not.toContain("root:");
  });

  it("that is hostile runs nothing on the server", async () => {
    const { task, story } = await run(server(), "open/hostile", "git status --porcelain");
    expect(task.state, await story()).toBe("completed");
    expect(await isThere(canary)).toBe(false);
  });
});

it("the hostile repository does run something where it is believed: the control", async () => {
  const work = await mkdtemp(join(folder, "believer-"));
  git(work, "clone", "--quiet", join(folder, "open/hostile.git"), "x");
  git(join(work, "x"), "config", "include.path", "../config");
  git(join(work, "x"), "status");
  expect(await isThere(canary)).toBe(true);
  expect((await readdir(join(agency.home, "mirrors", "lent"))).length).toBe(0);
});
