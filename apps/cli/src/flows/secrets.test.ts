import { PassThrough } from "node:stream";
import type { SecretInfo } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";
import type { World } from "../world.ts";

const VALUE = "sk-ant-api03-not-to-be-seen";
const info: SecretInfo = {
  name: "ANTHROPIC_API_KEY",
  project: null,
  kind: "api_key",
  use: "Claude",
  source: "stored",
  hint: "…seen",
  version: 1,
  updatedAt: null,
  checked: "It works.",
};

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
  for (const name of ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "GITHUB_TOKEN"])
    api.answers.set(`PUT /v1/secrets/${name}`, { ...info, name });
});
afterEach(() => api.stop());

const last = () => api.seen.at(-1);

/** A terminal on which a person types; the test sees what they would see. */
function typing(): { stdin: World["stdin"]; raw: boolean[]; type: (text: string) => void } {
  const stdin: PassThrough & World["stdin"] = new PassThrough();
  const raw: boolean[] = [];
  stdin.isTTY = true;
  stdin.setRawMode = (mode) => raw.push(mode);
  return { stdin, raw, type: (text) => void stdin.write(text) };
}

describe("agency secrets", () => {
  it("stores what is piped in, and shows none of it", async () => {
    using cli = testCli({ env: envFor(api), stdin: `${VALUE}\n` });
    expect(await cli.run("secrets", "set", "ANTHROPIC_API_KEY", "--project", "web", "--check")).toBe(0);
    expect(last()).toMatchObject({ method: "PUT", body: { value: VALUE, project: "web", check: true } });
    expect(cli.stdout.text).toBe("Stored ANTHROPIC_API_KEY (API key, ends in …seen). It works.\n");
    expect(cli.stdout.text + cli.stderr.text).not.toContain(VALUE);
  });

  it("reads what is typed without an echo, corrections included", async () => {
    const { stdin, raw, type } = typing();
    using cli = testCli({ env: envFor(api), terminal: true, world: { stdin } });
    const done = cli.run("secrets", "set", "ANTHROPIC_API_KEY");
    await cli.stderr.shows("It is not shown");
    type(`${VALUE}x\u007f\r`);
    expect(await done).toBe(0);
    expect(last()?.body).toMatchObject({ value: VALUE });
    expect(raw).toEqual([true, false]);
    expect(cli.stdout.text + cli.stderr.text).not.toContain("sk-ant");
  });

  it("leaves the terminal as it was on Ctrl-C, and stores nothing", async () => {
    const { stdin, raw, type } = typing();
    using cli = testCli({ env: envFor(api), terminal: true, world: { stdin } });
    const done = cli.run("secrets", "set", "ANTHROPIC_API_KEY");
    await cli.stderr.shows("It is not shown");
    type("sk-\u0003");
    expect(await done).toBe(2);
    expect(raw).toEqual([true, false]);
    expect(api.seen).toEqual([]);
  });

  it("lists them without their values", async () => {
    api.answers.set("GET /v1/secrets", {
      secrets: [info, { ...info, name: "GITHUB_TOKEN", source: "server" }],
    });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("secrets", "ls")).toBe(0);
    expect(cli.stdout.text).toMatch(/ANTHROPIC_API_KEY {2}API key {2}Claude {2}…seen +stored/);
    expect(cli.stdout.text).toContain("the server's settings");
  });

  it("forgets one and seals all anew", async () => {
    api.answers.set("DELETE /v1/secrets/GIT_TOKEN%40host%3A1", null);
    api.answers.set("POST /v1/secrets/rotate", { rewrapped: 2, keyId: "k2" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("secrets", "rm", "GIT_TOKEN@host:1")).toBe(0);
    expect(await cli.run("secrets", "rotate")).toBe(0);
    expect(cli.stdout.text).toBe("Forgot GIT_TOKEN@host:1.\nSealed 2 secrets with the key k2.\n");
  });

  it.each([
    [["secrets", "set"], "Which secret?"],
    [["secrets", "get", "X"], '"get" is nothing to do with secrets'],
    [["secrets", "set", "GITHUB_TOKEN"], "GITHUB_TOKEN is empty"],
    [["login", "gitlab"], 'no login for "gitlab"'],
    [["login", "openai", "--auth-type", "oauth"], "takes no --auth-type oauth"],
    [["login", "claude", "--auth-type", "magic"], "api_key, oauth"],
  ])("refuses %j with a sentence", async (argv, sentence) => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run(...argv)).toBe(2);
    expect(cli.stderr.text).toContain(sentence);
  });
});

describe("agency login", () => {
  it.each([
    ["claude", VALUE, [], "ANTHROPIC_API_KEY", { kind: "api_key" }],
    ["claude", "sk-ant-oat01-subscription", [], "CLAUDE_CODE_OAUTH_TOKEN", { kind: "oauth" }],
    ["claude", "odd-looking-token", ["--auth-type", "oauth"], "CLAUDE_CODE_OAUTH_TOKEN", { kind: "oauth" }],
    ["github", "ghp_0123456789", [], "GITHUB_TOKEN", {}],
  ])("stores a credential of %s that works under its name (%#)", async (service, value, more, name, kind) => {
    using cli = testCli({ env: envFor(api), stdin: value });
    expect(await cli.run("login", service, ...more)).toBe(0);
    expect(last()).toMatchObject({ path: `/v1/secrets/${name}`, body: { value, check: true, ...kind } });
  });
});

describe("a task's own secrets", () => {
  it("come from variables and travel in the request alone", async () => {
    using cli = testCli({ env: { ...envFor(api), GITHUB_TOKEN: "ghp_0123456789" } });
    expect(await cli.run("run", "--detach", "--secret", "GITHUB_TOKEN", "do it")).toBe(0);
    expect(last()?.body).toMatchObject({ secrets: { GITHUB_TOKEN: "ghp_0123456789" } });
    expect(cli.stdout.text + cli.stderr.text).not.toContain("ghp_");
  });
});

describe("agency audit", () => {
  it("shows who changed what", async () => {
    const entry = {
      id: "1",
      at: "2026-03-01T12:00:00.000Z",
      actor: "key 7",
      action: "secret.set",
      target: "GITHUB_TOKEN",
    };
    api.answers.set("GET /v1/audit", {
      entries: [{ ...entry, detail: { kind: "token" } }],
      nextCursor: null,
    });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("audit")).toBe(0);
    expect(cli.stdout.text).toBe("2026-03-01T12:00:00.000Z  key 7  secret.set  GITHUB_TOKEN  kind=token\n");
  });
});
