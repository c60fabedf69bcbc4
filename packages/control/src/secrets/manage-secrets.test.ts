import { generateKeyPairSync } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { listAudit } from "./list-audit.ts";
import { listSecrets, removeSecret, setSecret } from "./manage-secrets.ts";
import type { SecretDeps } from "./manage-secrets.ts";
import { sealTaskSecrets } from "./seal-task-secrets.ts";
import { giveTaskSecrets } from "./testing/give-task-secret.ts";
import { ACCOUNT, secretGround } from "./testing/secret-ground.ts";
import type { SecretGround } from "./testing/secret-ground.ts";

let ground: SecretGround;
let deps: SecretDeps;

beforeAll(async () => {
  ground = await secretGround();
  deps = ground.start();
});
afterEach(() => ground.db.query("delete from secrets"));
afterAll(() => ground[Symbol.asyncDispose]());

interface Given {
  project?: string;
  kind?: "api_key" | "oauth";
  check?: boolean;
}
const set = (name: string, value: string, { check = false, ...more }: Given = {}) =>
  setSecret(deps, ACCOUNT, name, { value, check, ...more }, "key 1");
const stored = async () => (await listSecrets(deps, ACCOUNT)).filter(({ source }) => source === "stored");
const audit = async () => (await listAudit(ground, ACCOUNT, { limit: 100 })).entries;

describe("storing a secret", () => {
  it("shows everything but its value", async () => {
    const info = await set("ANTHROPIC_API_KEY", "sk-ant-api03-a-key-of-some-length-9876");
    expect(info).toEqual({
      name: "ANTHROPIC_API_KEY",
      project: null,
      kind: "api_key",
      use: "Calls to Anthropic's models.",
      source: "stored",
      hint: "…9876",
      version: 1,
      updatedAt: "2026-11-21T10:00:00.000Z",
      checked: null,
    });
    expect(await stored()).toEqual([info]);
    expect(await set("ANTHROPIC_API_KEY", "sk-ant-api03-another-key-000000-5555")).toMatchObject({
      version: 2,
    });
  });

  it.each([
    ["ANTHROPIC_API_KEY", "sk-ant-oat01-0123456789", undefined, "oauth"],
    ["ANTHROPIC_API_KEY@work", "key-of-a-gateway", undefined, "api_key"],
    ["ANTHROPIC_API_KEY", "key-of-a-gateway", "oauth", "oauth"],
    ["CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-0123456789", undefined, "oauth"],
    ["CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-api03-0123456789", undefined, "api_key"],
    ["OPENAI_API_KEY", "sk-litellm-0123", undefined, "api_key"],
    ["GITHUB_TOKEN", "github_pat_0123456789", undefined, "token"],
    ["GIT_TOKEN@git.example.com:8443", "someone:päss word", undefined, "token"],
    ["GITHUB_APP_ID", "123456", undefined, "app"],
  ] as const)("recognises what %s is (%s, asked for %s)", async (name, value, kind, recognised) => {
    expect(await set(name, value, kind === undefined ? {} : { kind })).toMatchObject({ kind: recognised });
  });

  it.each([
    ["ANTHROPIC_API_KEY", "sk-proj-0123456789", "looks like an OpenAI API key"],
    ["ANTHROPIC_API_KEY", "sk-ant-admin01-0123456789", "admin key"],
    ["ANTHROPIC_API_KEY", "sk-ant-agency_0123456789", "a placeholder that Agency gives"],
    ["OPENAI_API_KEY", "sk-ant-api03-0123456789", "looks like an Anthropic API key"],
    ["GITHUB_TOKEN", "sk-ant-oat01-0123456789", "looks like a token of a Claude subscription"],
    ["GIT_TOKEN@git.example.com", "agk_0123456789", "an API key of Agency itself"],
    ["OPENAI_API_KEY", "ghp_0123456789", "looks like a GitHub token"],
    ["GITHUB_TOKEN", "1234567", "shorter than 8 characters"],
    ["GITHUB_TOKEN", "two words", "holds a character that no token has"],
    ["GIT_TOKEN@git.example.com", "user:pass\u0007word", "holds a character that no token has"],
    ["GITHUB_APP_ID", "not an id", "neither an App ID"],
    ["GITHUB_APP_PRIVATE_KEY", "0123456789", "is not an RSA private key"],
    ["DATABASE_PASSWORD", "0123456789", "no use for a secret named DATABASE_PASSWORD"],
    ["GIT_TOKEN", "0123456789", "needs the host"],
    ["GITHUB_TOKEN@work", "0123456789", "There is only one GITHUB_TOKEN"],
  ])("refuses %s = %s", async (name, value, says) => {
    const refusal: unknown = await set(name, value).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "invalid_request", message: expect.stringContaining(says) });
    expect(String(refusal)).not.toContain(value);
    expect(await stored()).toEqual([]);
  });

  it("names what it can use when it has no use for one, and refuses a kind that would do nothing", async () => {
    await expect(set("MY_TOKEN", "0123456789")).rejects.toMatchObject({
      next: expect.stringMatching(/ANTHROPIC_API_KEY .*GIT_TOKEN@git\.example\.com.*GITHUB_APP_ID/),
    });
    await expect(set("GITHUB_TOKEN", "0123456789", { kind: "oauth" })).rejects.toThrow("cannot be presented");
  });

  it("joins a token that was pasted over several lines", async () => {
    await set("GITHUB_TOKEN", "ghp_0123\n  4567\r\n89");
    expect(await deps.vault.ofAccount(ACCOUNT)).toMatchObject([{ value: "ghp_0123456789" }]);
  });

  it("leaves a private key its lines, and shows its fingerprint", async () => {
    const pem = ground.vendors.app.privateKey;
    const info = await set("GITHUB_APP_PRIVATE_KEY", pem.trim().replaceAll("\n", String.raw`\n`));
    expect(info).toMatchObject({ kind: "app", hint: expect.stringMatching(/^SHA256:[\w+/]{43}=$/) });
    expect(await deps.vault.ofAccount(ACCOUNT)).toMatchObject([{ value: pem }]);
    const { privateKey } = generateKeyPairSync("ed25519");
    const other = privateKey.export({ type: "pkcs8", format: "pem" });
    await expect(set("GITHUB_APP_PRIVATE_KEY", other)).rejects.toThrow("is not an RSA private key");
  });

  it("keeps what an account and its projects have apart", async () => {
    await set("GITHUB_TOKEN", "ghp_of_the_account");
    await set("GITHUB_TOKEN", "ghp_of_the_project", { project: "web" });
    expect((await stored()).map(({ project }) => project)).toEqual([null, "web"]);
    await removeSecret(deps, ACCOUNT, "GITHUB_TOKEN", null, "key 1");
    expect((await stored()).map(({ project }) => project)).toEqual(["web"]);
    expect(await listSecrets(deps, ground.otherAccount)).toMatchObject([
      { source: "server" },
      { source: "server" },
    ]);
  });

  it("gives one version to each of many at once", async () => {
    const values = ["ghp_the_first_1", "ghp_the_second_2"];
    await Promise.all(values.map((value) => set("GITHUB_TOKEN", value)));
    expect(await stored()).toMatchObject([{ version: 2 }]);
    expect(await deps.vault.ofAccount(ACCOUNT)).toMatchObject([
      { value: expect.stringContaining("ghp_the_") },
    ]);
  });
});

describe("removing a secret", () => {
  it("is not found twice, and says where the server's own is", async () => {
    await set("GIT_TOKEN@git.example.com", "0123456789");
    await removeSecret(deps, ACCOUNT, "GIT_TOKEN@git.example.com", null, "key 1");
    const again = removeSecret(deps, ACCOUNT, "GIT_TOKEN@git.example.com", null, "key 1");
    await expect(again).rejects.toMatchObject({ code: "not_found" });
    await expect(removeSecret(deps, ACCOUNT, "GITHUB_TOKEN", null, "key 1")).rejects.toMatchObject({
      code: "not_found",
      next: expect.stringContaining("the server's own environment"),
    });
  });
});

describe("the list", () => {
  it("names the server's own, without a value", async () => {
    expect(await listSecrets(deps, ACCOUNT)).toMatchObject([
      { name: "ANTHROPIC_API_KEY", source: "server", kind: "api_key", hint: "…0001", updatedAt: null },
      { name: "GITHUB_TOKEN", source: "server", kind: "token", version: 0 },
    ]);
  });
});

describe("checking a credential before it is stored", () => {
  it.each([
    ["ANTHROPIC_API_KEY", "sk-ant-api03-works", /^accepted by 127/],
    ["CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-works", /^accepted by 127/],
    ["OPENAI_API_KEY", "sk-proj-works", /^accepted by 127/],
    ["GITHUB_TOKEN", "ghp_works_0123", /^signed in to 127\.0\.0\.1:\d+ as octocat$/],
  ])("asks the vendor of %s", async (name, value, says) => {
    ground.vendors.valid.add(value);
    const { checked } = await set(name, value, { check: true });
    expect(checked).toMatch(says);
    expect(await stored()).toMatchObject([{ checked }]);
  });

  it.each([
    ["ANTHROPIC_API_KEY", "sk-ant-api03-wrong", "HTTP 401: invalid key [redacted:ANTHROPIC_API_KEY]"],
    ["OPENAI_API_KEY", "sk-proj-wrong", "Incorrect API key provided: [redacted:OPENAI_API_KEY]."],
    ["GITHUB_TOKEN", "ghp_wrong_0123", "HTTP 401: Bad credentials"],
  ])("says what the vendor of %s said when it refuses", async (name, value, says) => {
    await expect(set(name, value, { check: true })).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining(says),
    });
    expect(await stored()).toEqual([]);
  });

  it.each([
    ["fails", "sk-busy-0123", "HTTP 500: oops [redacted:OPENAI_API_KEY]"],
    ["sends it elsewhere", "sk-moved-0123", "HTTP 307"],
  ])("does not take it for a refusal when the vendor %s", async (_, value, says) => {
    await expect(set("OPENAI_API_KEY", value, { check: true })).rejects.toMatchObject({
      code: "upstream_failed",
      message: expect.stringContaining(says),
    });
  });

  it("does not take it for a refusal when nobody answers", async () => {
    const vendors = { ...deps.vendors, openaiBaseUrl: "http://127.0.0.1:1/v1" };
    const input = { value: "sk-proj-0123456789", check: true };
    await expect(
      setSecret({ ...deps, vendors }, ACCOUNT, "OPENAI_API_KEY", input, "me"),
    ).rejects.toMatchObject({
      code: "upstream_failed",
      message: expect.stringContaining("cannot be reached"),
    });
  });

  it("shows GitHub both halves of an app, and needs both", async () => {
    const { id, privateKey } = ground.vendors.app;
    const alone = set("GITHUB_APP_PRIVATE_KEY", privateKey, { check: true });
    await expect(alone).rejects.toThrow("only together with GITHUB_APP_ID");
    await set("GITHUB_APP_ID", id);
    expect(await set("GITHUB_APP_PRIVATE_KEY", privateKey, { check: true })).toMatchObject({
      checked: expect.stringContaining("the app agency-bot of"),
    });
    await expect(set("GITHUB_APP_ID", "999", { check: true })).rejects.toThrow("Bad JWT");
  });

  it("says that a git host cannot be asked", async () => {
    const asked = set("GIT_TOKEN@git.example.com", "0123456789", { check: true });
    await expect(asked).rejects.toMatchObject({ code: "unsupported_option" });
  });
});

it("nothing in the database, the audit log included, holds a value", async () => {
  const values = ["ghp_never_in_the_clear", "user:never-in-the-clear", "sk-ant-api03-never-in-the-clear"];
  await set("GITHUB_TOKEN", values[0] ?? "");
  await set("GIT_TOKEN@git.example.com", values[1] ?? "");
  const taskId = await ground.addTask();
  const own = { ANTHROPIC_API_KEY: values[2] ?? "" };
  await giveTaskSecrets(ground.db, deps.ring, { accountId: ACCOUNT, taskId }, own);
  await removeSecret(deps, ACCOUNT, "GITHUB_TOKEN", null, "key 1");

  const everything = await ground.dump();
  expect(everything).toContain("GIT_TOKEN@git.example.com");
  for (const value of values) {
    for (const form of [value, Buffer.from(value).toString("hex"), Buffer.from(value).toString("base64")])
      expect(everything).not.toContain(form);
  }
  const actions = (await audit()).filter(({ target }) => target === "GITHUB_TOKEN").slice(0, 2);
  expect(actions.map(({ action, actor }) => `${actor} ${action}`)).toEqual([
    "key 1 secret.remove",
    "key 1 secret.set",
  ]);
});

it("a task's secrets are checked as stored ones are", () => {
  const seal = (secrets: Record<string, string>) =>
    sealTaskSecrets(deps, { accountId: ACCOUNT, taskId: "t" }, secrets);
  expect(() => seal({ MY_TOKEN: "0123456789" })).toThrow("no use for a secret named MY_TOKEN");
  expect(() => seal({ OPENAI_API_KEY: "sk-ant-api03-0123" })).toThrow("looks like an Anthropic API key");
  expect(() => seal({ GITHUB_TOKEN: "short" })).toThrow("shorter than 8");
});
