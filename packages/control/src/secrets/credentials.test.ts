import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCredentials } from "./credentials.ts";
import type { CredentialBook } from "./credentials.ts";
import { removeSecret, setSecret } from "./manage-secrets.ts";
import type { SecretDeps } from "./manage-secrets.ts";
import { createSecretBook } from "./secret-book.ts";
import { giveTaskSecrets } from "./testing/give-task-secret.ts";
import { ACCOUNT, secretGround } from "./testing/secret-ground.ts";
import type { SecretGround } from "./testing/secret-ground.ts";

let ground: SecretGround;
let deps: SecretDeps;
let book: CredentialBook;
let caller: { taskId: string; accountId: string };
let spec: { project: string | null; demo: boolean };

beforeAll(async () => {
  ground = await secretGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

beforeEach(async () => {
  await ground.db.query("delete from secrets");
  const { vendors } = ground;
  vendors.seen.length = 0;
  vendors.installed.clear();
  deps = ground.start();
  spec = { project: null, demo: false };
  caller = { taskId: await ground.addTask(), accountId: ACCOUNT };
  book = credentials(deps, vendors.addresses.githubApiUrl);
});

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

function credentials({ vault, serverSecrets, now }: SecretDeps, githubApiUrl: string): CredentialBook {
  return createCredentials({
    vault,
    serverSecrets,
    tasks: { load: async (id) => (id === caller.taskId ? { accountId: ACCOUNT, spec } : null) },
    fetch,
    githubApiUrl,
    logger: quiet,
    now,
  });
}

const set = (name: string, value: string, project?: string) =>
  setSecret(
    deps,
    ACCOUNT,
    name,
    { value, check: false, ...(project === undefined ? {} : { project }) },
    "me",
  );
const giveTask = (secrets: Record<string, string>) => giveTaskSecrets(ground.db, deps.ring, caller, secrets);
const names = async (vendor = "anthropic") => (await book.forModel(caller, vendor)).map(({ name }) => name);

describe("the credentials of a model", () => {
  it("are the task's own, its project's, its account's and the server's, plain names first", async () => {
    spec.project = "web";
    await giveTask({ CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-task" });
    await set("ANTHROPIC_API_KEY@b", "sk-ant-api03-b");
    await set("ANTHROPIC_API_KEY@a", "sk-ant-api03-a");
    await set("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-account");
    await set("ANTHROPIC_API_KEY", "sk-ant-api03-account");
    await set("ANTHROPIC_API_KEY", "sk-ant-api03-project", "web");
    await set("ANTHROPIC_API_KEY", "sk-ant-api03-elsewhere", "api");
    await set("OPENAI_API_KEY", "sk-proj-account");
    expect(await book.forModel(caller, "anthropic")).toEqual([
      { name: "CLAUDE_CODE_OAUTH_TOKEN (task)", kind: "oauth", value: "sk-ant-oat01-task" },
      { name: "ANTHROPIC_API_KEY (project web)", kind: "api_key", value: "sk-ant-api03-project" },
      { name: "ANTHROPIC_API_KEY", kind: "api_key", value: "sk-ant-api03-account" },
      { name: "CLAUDE_CODE_OAUTH_TOKEN", kind: "oauth", value: "sk-ant-oat01-account" },
      { name: "ANTHROPIC_API_KEY@a", kind: "api_key", value: "sk-ant-api03-a" },
      { name: "ANTHROPIC_API_KEY@b", kind: "api_key", value: "sk-ant-api03-b" },
      { name: "ANTHROPIC_API_KEY (server)", kind: "api_key", value: "sk-ant-api03-of-the-server-0001" },
    ]);
    expect(await names("openai")).toEqual(["OPENAI_API_KEY"]);
    expect(await names("nobody")).toEqual([]);
  });

  it("are one when the same value has two names", async () => {
    await set("ANTHROPIC_API_KEY", "sk-ant-api03-of-the-server-0001");
    expect(await names()).toEqual(["ANTHROPIC_API_KEY"]);
  });

  it("are none for a demo, for a task that is gone, and for another account", async () => {
    expect(await book.forModel({ ...caller, accountId: ground.otherAccount }, "anthropic")).toEqual([]);
    expect(await book.forModel({ ...caller, taskId: randomUUID() }, "anthropic")).toEqual([]);
    ground.clock.now += 60_000;
    spec.demo = true;
    expect(await names()).toEqual([]);
  });

  it("follow a change at once in this process, and after half a minute from another", async () => {
    await set("ANTHROPIC_API_KEY", "sk-ant-api03-first");
    expect(await names()).toEqual(["ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY (server)"]);
    await removeSecret(deps, ACCOUNT, "ANTHROPIC_API_KEY", null, "me");
    expect(await names()).toEqual(["ANTHROPIC_API_KEY (server)"]);
    const input = { value: "sk-ant-api03-second", check: false };
    await setSecret(ground.start(deps.ring), ACCOUNT, "ANTHROPIC_API_KEY@x", input, "elsewhere");
    expect(await names()).toEqual(["ANTHROPIC_API_KEY (server)"]);
    ground.clock.now += 30_000;
    expect(await names()).toEqual(["ANTHROPIC_API_KEY@x", "ANTHROPIC_API_KEY (server)"]);
  });

  it("leave out one that does not open, and say why when there is no other", async () => {
    await set("OPENAI_API_KEY@a", "sk-proj-that-opens");
    await set("OPENAI_API_KEY", "sk-proj-that-does-not");
    await ground.db.query("update secrets set key_id = 'lost' where name = 'OPENAI_API_KEY'");
    deps.vault.forget(ACCOUNT);
    expect(await names("openai")).toEqual(["OPENAI_API_KEY@a"]);
    await removeSecret(deps, ACCOUNT, "OPENAI_API_KEY@a", null, "me");
    await expect(names("openai")).rejects.toThrow("master key lost");
  });

  it("do not come from a row that was copied from another account", async () => {
    await setSecret(
      deps,
      ground.otherAccount,
      "OPENAI_API_KEY",
      { value: "sk-proj-theirs", check: false },
      "them",
    );
    await ground.db.query("update secrets set account_id = $1", [ACCOUNT]);
    await expect(names("openai")).rejects.toThrow("does not open where it lies");
  });

  it("are asked for before a task is made", async () => {
    await set("OPENAI_API_KEY", "sk-proj-project", "web");
    expect(await book.hasModel(ACCOUNT, null, "anthropic")).toBe(true);
    expect(await book.hasModel(ACCOUNT, null, "openai")).toBe(false);
    expect(await book.hasModel(ACCOUNT, "web", "openai")).toBe(true);
  });
});

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;
const git = (host: string, path = "octo/hello.git", write = false) =>
  book.forGit(caller, { host, path, write });

describe("the credential of a repository", () => {
  it("is the one of its host and port, and of no other", async () => {
    await set("GIT_TOKEN@git.example.com", "glpat-0123456789");
    await set("GIT_TOKEN@git.example.com:8443", "someone:päss word");
    expect(await git("git.example.com")).toBe(basic("oauth2:glpat-0123456789"));
    expect(await git("GIT.example.com:8443")).toBe(basic("someone:päss word"));
    for (const host of ["git.example.com:80", "example.com", "xgit.example.com", "git.example.com.evil.net"])
      expect(await git(host)).toBeNull();
  });

  it("is the nearest one", async () => {
    spec.project = "web";
    await set("GIT_TOKEN@git.example.com", "of-the-account");
    expect(await git("git.example.com")).toBe(basic("oauth2:of-the-account"));
    await set("GIT_TOKEN@git.example.com", "of-the-project", "web");
    expect(await git("git.example.com")).toBe(basic("oauth2:of-the-project"));
  });

  it("is the task's own before everything else, and none for another account's task", async () => {
    await giveTask({ "GIT_TOKEN@git.example.com": "of-the-task" });
    await set("GIT_TOKEN@git.example.com", "of-the-account");
    expect(await git("git.example.com")).toBe(basic("oauth2:of-the-task"));
    const stranger = { ...caller, accountId: ground.otherAccount };
    expect(await book.forGit(stranger, { host: ground.vendors.host, path: "o/r", write: false })).toBeNull();
  });

  it("is GITHUB_TOKEN for the GitHub that the API belongs to, and is shown to no other", async () => {
    await set("GITHUB_TOKEN", "ghp_of_the_account");
    expect(await git(ground.vendors.host)).toBe(basic("x-access-token:ghp_of_the_account"));
    expect(await git("github.com")).toBeNull();
    const ofGithub = credentials(deps, "https://api.github.com");
    const repository = { path: "octo/hello", write: false };
    expect(await ofGithub.forGit(caller, { ...repository, host: "github.com" })).toBe(
      basic("x-access-token:ghp_of_the_account"),
    );
    expect(await ofGithub.forGit(caller, { ...repository, host: "gist.github.com" })).toBeNull();
  });

  it("is the server's GITHUB_TOKEN when nothing is stored", async () => {
    expect(await git(ground.vendors.host)).toBe(basic("x-access-token:ghp_of_the_server_0001"));
  });
});

describe("a GitHub App", () => {
  beforeEach(async () => {
    const { vendors } = ground;
    vendors.installed.add("octo/hello");
    vendors.lastsMs = 3_600_000;
    await set("GITHUB_APP_ID", vendors.app.id);
    await set("GITHUB_APP_PRIVATE_KEY", vendors.app.privateKey);
    await set("GITHUB_TOKEN", "ghp_of_the_account");
  });
  const minted = () => ground.vendors.seen.filter(({ method }) => method === "POST");
  const appToken = /^x-access-token:ghs_/;
  const decoded = async (...given: Parameters<typeof git>) =>
    Buffer.from((await git(...given))?.slice("Basic ".length) ?? "", "base64").toString();

  it("gives a token for one repository, which may write only to push", async () => {
    expect(await decoded(ground.vendors.host)).toMatch(appToken);
    expect(await decoded(ground.vendors.host, "octo/hello", true)).toMatch(appToken);
    expect(minted().map(({ body }) => body)).toEqual([
      { repositories: ["hello"], permissions: { contents: "read" } },
      { repositories: ["hello"], permissions: { contents: "write" } },
    ]);
  });

  it("is asked once for many requests, and again five minutes before the token ends", async () => {
    const tokens = await Promise.all(Array.from({ length: 10 }, () => decoded(ground.vendors.host)));
    expect(new Set(tokens).size).toBe(1);
    ground.clock.now += 54 * 60_000;
    expect(await decoded(ground.vendors.host)).toBe(tokens[0]);
    ground.clock.now += 2 * 60_000;
    expect(await decoded(ground.vendors.host)).not.toBe(tokens[0]);
    expect(minted()).toHaveLength(2);
  });

  it("leaves repositories where it is not installed to GITHUB_TOKEN, and is found soon after", async () => {
    expect(await decoded(ground.vendors.host, "octo/other")).toBe("x-access-token:ghp_of_the_account");
    ground.vendors.installed.add("octo/other");
    ground.clock.now += 61_000;
    expect(await decoded(ground.vendors.host, "octo/other")).toMatch(appToken);
  });

  it("leaves it to GITHUB_TOKEN when it fails, and says why when there is none", async () => {
    await set("GITHUB_APP_ID", "999");
    expect(await decoded(ground.vendors.host)).toBe("x-access-token:ghp_of_the_account");
    await removeSecret(deps, ACCOUNT, "GITHUB_TOKEN", null, "me");
    expect(await decoded(ground.vendors.host)).toBe("x-access-token:ghp_of_the_server_0001");
    book = credentials({ ...deps, serverSecrets: [] }, ground.vendors.addresses.githubApiUrl);
    await expect(git(ground.vendors.host)).rejects.toMatchObject({
      code: "upstream_failed",
      message: expect.stringContaining("does not accept its private key"),
    });
  });

  it("is not asked about a path that is no repository", async () => {
    for (const path of ["octo", "octo/../user", "octo/..", "octo/hello/extra", "octo/he llo", "octo/%2e%2e"])
      expect(await decoded(ground.vendors.host, path)).toBe("x-access-token:ghp_of_the_account");
    expect(ground.vendors.seen).toEqual([]);
  });

  it("gives way to the task's own token", async () => {
    await giveTask({ GITHUB_TOKEN: "ghp_of_the_task" });
    expect(await decoded(ground.vendors.host)).toBe("x-access-token:ghp_of_the_task");
    expect(ground.vendors.seen).toEqual([]);
  });
});

describe("the credential of a host's API", () => {
  const repository = () => ({ host: ground.vendors.host, path: "octo/hello" });
  const unmade = (secrets: Record<string, string> = {}, project: string | null = null) =>
    book.forApi({ accountId: ACCOUNT, project, secrets }, repository());

  it("is the one git uses, as it is stored", async () => {
    await set("GIT_TOKEN@git.example.com", "someone:päss:word");
    const stored = await book.forApi(caller, { host: "git.example.com", path: "o/r" });
    expect(stored).toEqual({ user: "someone", token: "päss:word" });
    expect(await book.forApi(caller, repository())).toEqual({ user: null, token: "ghp_of_the_server_0001" });
    expect(await book.forApi(caller, { host: "other.example.com", path: "o/r" })).toBeNull();
    const stranger = { ...caller, accountId: ground.otherAccount };
    expect(await book.forApi(stranger, repository())).toBeNull();
  });

  it("is an app's token that may open pull requests", async () => {
    const { vendors } = ground;
    vendors.installed.add("octo/hello");
    await set("GITHUB_APP_ID", vendors.app.id);
    await set("GITHUB_APP_PRIVATE_KEY", vendors.app.privateKey);
    expect(await book.forApi(caller, repository())).toMatchObject({ token: expect.stringMatching(/^ghs_/) });
    expect(vendors.seen.at(-1)?.body).toEqual({
      repositories: ["hello"],
      permissions: { contents: "read", pull_requests: "write" },
    });
  });

  it("is found before there is a task: what came with it, its project's, its account's", async () => {
    await set("GITHUB_TOKEN", "ghp_of_the_account");
    await set("GITHUB_TOKEN", "ghp_of_the_project", "web");
    expect(await unmade()).toMatchObject({ token: "ghp_of_the_account" });
    expect(await unmade({}, "web")).toMatchObject({ token: "ghp_of_the_project" });
    expect(await unmade({ GITHUB_TOKEN: "ghp_of_the_request" }, "web")).toMatchObject({
      token: "ghp_of_the_request",
    });
    await expect(unmade({ NO_SUCH_NAME: "x" })).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("the secret book", () => {
  it("hides what is stored, what came with the task, and what the server brings", async () => {
    const secrets = createSecretBook(deps);
    await set("GITHUB_TOKEN", "ghp_of_the_account");
    await set("GITHUB_APP_ID", "123456789");
    await giveTask({ OPENAI_API_KEY: "sk-proj-of-the-task" });
    const { redactText } = await secrets.redactorFor(ACCOUNT, caller.taskId);
    expect(
      redactText("ghp_of_the_account sk-proj-of-the-task sk-ant-api03-of-the-server-0001 123456789"),
    ).toBe("[redacted:GITHUB_TOKEN] [redacted:OPENAI_API_KEY] [redacted:ANTHROPIC_API_KEY] 123456789");
  });

  it("follows a change, and is not built anew without one", async () => {
    const secrets = createSecretBook(deps);
    const before = await secrets.redactorFor(ACCOUNT, caller.taskId);
    ground.clock.now += 40_000;
    expect(await secrets.redactorFor(ACCOUNT, caller.taskId)).toBe(before);
    await set("GITHUB_TOKEN", "ghp_stored_in_between");
    const after = await secrets.redactorFor(ACCOUNT, caller.taskId);
    expect(after.redactText("ghp_stored_in_between")).toBe("[redacted:GITHUB_TOKEN]");
  });
});
