import { execFile } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GIT_ENV, openGitLab } from "../git/testing/git-lab.ts";
import type { GitLab } from "../git/testing/git-lab.ts";
import { openMirrorDoor } from "./mirror-door.ts";
import { openMirrorLab } from "./testing/mirror-lab.ts";
import type { MirrorLab } from "./testing/mirror-lab.ts";

const run = promisify(execFile);
const git = async (cwd: string, ...args: string[]): Promise<string> =>
  (await run("git", args, { cwd, env: GIT_ENV })).stdout.trim();

let lab: GitLab;
let mirrors: MirrorLab;
let canary: string;
let script: string;
beforeAll(async () => {
  lab = await openGitLab();
  mirrors = await openMirrorLab(lab);
  canary = join(lab.folder, "canary");
  script = join(lab.folder, "script");
  await writeFile(script, `#!/bin/sh\necho "$0 $*" >> ${canary}\n`);
  await chmod(script, 0o755);
});
afterAll(async () => {
  await mirrors[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

const wasRun = (): Promise<boolean> =>
  access(canary).then(
    () => true,
    () => false,
  );

/** Everything by which a repository can ask git to run something. */
async function seedHostile(name: string): Promise<void> {
  const config = [
    `[core]\n\tfsmonitor = ${script}\n\thooksPath = ${lab.folder}/hooks\n\tsshCommand = ${script}\n\tpager = ${script}`,
    `[filter "evil"]\n\tsmudge = ${script}\n\tclean = ${script}\n\tprocess = ${script}`,
    `[diff "evil"]\n\ttextconv = ${script}`,
    `[credential]\n\thelper = !${script}`,
    `[uploadpack]\n\tpackObjectsHook = ${script}`,
    `[include]\n\tpath = ${lab.folder}/more-config`,
  ].join("\n");
  await lab.seed(name, {
    ".gitattributes": "* filter=evil diff=evil merge=evil\n",
    // A bare repository's own files by name, should anybody take the work tree for one.
    config: `${config}\n`,
    HEAD: "ref: refs/heads/main\n",
    "post-checkout": `#!/bin/sh\n${script}\n`,
    ".lfsconfig": `[lfs]\n\turl = ext::${script}\n`,
    "$(touch canary)": "a name\n",
  });
  const tree = await lab.onHost(name, "rev-parse", "main^{tree}");
  for (const ref of [
    "refs/heads/$(touch canary)",
    "refs/heads/--upload-pack=evil",
    "refs/tags/`id`",
    "refs/hidden/x",
  ]) {
    if (ref.includes(" ")) continue;
    const commit = await lab.onHost(name, "commit-tree", "-m", ref, tree);
    await lab.onHost(name, "update-ref", ref, commit);
  }
  for (const hook of ["post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"]) {
    await mkdir(join(lab.folder, "hooks"), { recursive: true });
    await writeFile(join(lab.folder, "hooks", hook), `#!/bin/sh\necho hook >> ${canary}\n`, { mode: 0o755 });
  }
}

/** A tree git would not make by itself, pushed as it is. */
async function seedObjects(
  name: string,
  entries: readonly (readonly [mode: string, path: string, text: string])[],
) {
  await lab.seed(name);
  const work = await mkdtemp(join(lab.folder, "objects-"));
  const bare = join(work, "bare.git");
  await git(work, "init", "--quiet", "--bare", bare);
  const parts = await Promise.all(
    entries.map(async ([mode, path, text]) => {
      await writeFile(join(work, "blob"), text);
      const id = await git(bare, "hash-object", "-w", join(work, "blob"));
      return Buffer.concat([Buffer.from(`${mode} ${path}\0`), Buffer.from(id, "hex")]);
    }),
  );
  await writeFile(join(work, "tree"), Buffer.concat(parts));
  const tree = await git(bare, "hash-object", "-t", "tree", "-w", "--literally", join(work, "tree"));
  const commit = await git(bare, "commit-tree", "-m", "hostile", tree);
  await git(bare, "push", "--quiet", join(lab.folder, "host", name), `+${commit}:refs/heads/main`);
}

describe("a hostile repository", () => {
  it("runs nothing on the server, while a git that believed it would (the control)", async () => {
    await seedHostile("open/hostile.git");
    const copy = await mirrors.lend("open/hostile.git");
    expect(copy).not.toBeNull();
    // Even had it got into the mirror's own settings.
    const [repository = ""] = await mirrors.repositories();
    const settings = await lab.onHost("open/hostile.git", "cat-file", "blob", "main:config");
    await writeFile(join(repository, "config"), settings, { flag: "a" });
    await lab.onHost("open/hostile.git", "update-ref", "refs/heads/moved", "main");
    expect(await mirrors.lend("open/hostile.git")).not.toBeNull();
    expect(await wasRun()).toBe(false);

    const victim = await mkdtemp(join(lab.folder, "victim-"));
    await git(victim, "clone", "--quiet", join(lab.folder, "host/open/hostile.git"), "x");
    await writeFile(join(victim, "x/.git/config"), await readFile(join(victim, "x/config")), { flag: "a" });
    await git(join(victim, "x"), "status").catch(() => "");
    expect(await wasRun()).toBe(true);
  });

  it("has only its branches and tags in the copy", async () => {
    const copy = (await mirrors.lend("open/hostile.git")) ?? "";
    const names = (await readFile(join(copy, "packed-refs"), "utf8")).match(/refs\/\w+/g) ?? [];
    expect(new Set(names)).toEqual(new Set(["refs/heads", "refs/tags"]));
    expect(await readFile(join(copy, "config"), "utf8")).toBe(
      "[core]\n\trepositoryFormatVersion = 0\n\tbare = true\n",
    );
  });

  it.each([
    ["a tree with .git in it", [["100644", ".git", "gitdir: /elsewhere\n"]]],
    ["a tree with a way out of itself", [["100644", "..", "x\n"]]],
    [
      "a submodule whose address is a program",
      [["100644", ".gitmodules", '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=evil\n']],
    ],
    ["a .gitmodules that is a link", [["120000", ".gitmodules", "/etc/passwd"]]],
  ] as const)("with %s gets no mirror", async (what, entries) => {
    const name = `open/${what.replaceAll(/\W+/g, "-")}.git`;
    await seedObjects(name, entries);
    expect(await mirrors.lend(name)).toBeNull();
  });

  it.each([
    [
      "file names of newlines and of no known encoding",
      [
        ["100644", "a\nb", "x\n"],
        ["100644", "c\u00ff", "y\n"],
      ],
    ],
    ["a link out of the tree", [["120000", "link", "../../../../etc/passwd"]]],
  ] as const)("with %s is only carried: what it does is the sandbox's affair", async (what, entries) => {
    const name = `open/${what.replaceAll(/\W+/g, "-")}.git`;
    await seedObjects(name, entries);
    expect(await mirrors.lend(name)).not.toBeNull();
  });
});

describe("the way of the server's git to the broker", () => {
  it("opens to its own word, its own repository and to reading only", async () => {
    const asked: string[] = [];
    const door = await openMirrorDoor(async (_, path) => {
      asked.push(path);
      return new Response("ok");
    }, 1_000);
    const repository = {
      scheme: "http",
      host: "h.example",
      path: "a/b",
      url: "http://h.example/a/b.git",
    } as const;
    const caller = { taskId: "t", accountId: "a", epoch: 1 };
    const guest = await door.admit(caller, repository, new AbortController().signal);
    const [, word = ""] = guest.setting[1].split("Authorization: ");
    const get = async (url: string, authorization: string): Promise<number> =>
      (await fetch(url, { headers: { authorization } })).status;
    const refs = "/info/refs?service=git-upload-pack";
    expect(await get(guest.url + refs, word)).toBe(200);
    expect(asked).toEqual([`/http/h.example/a/b.git${refs}`]);
    expect(await get(guest.url + refs, "Bearer wrong")).toBe(403);
    expect(await get(guest.url + refs, "")).toBe(403);
    expect(await get(`${guest.url}/info/refs?service=git-receive-pack`, word)).toBe(403);
    expect(await get(guest.url.replace("b.git", "c.git") + refs, word)).toBe(403);
    guest.close();
    expect(await get(guest.url + refs, word)).toBe(403);
    expect(asked).toHaveLength(1);
    await door.close();
  });
});
