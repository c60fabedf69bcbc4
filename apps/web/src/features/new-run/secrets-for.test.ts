import type { SecretInfo } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { secretsFor } from "./secrets-for.ts";

function secret(name: string, about: Partial<SecretInfo> = {}): SecretInfo {
  return {
    name,
    project: null,
    kind: "token",
    use: "",
    source: "stored",
    hint: "wxyz",
    version: 1,
    updatedAt: null,
    checked: null,
    ...about,
  };
}

const secrets = [
  secret("ANTHROPIC_API_KEY", { source: "server" }),
  secret("CLAUDE_CODE_OAUTH_TOKEN@work"),
  secret("OPENAI_API_KEY"),
  secret("ANTHROPIC_API_KEY", { project: "shop" }),
  secret("GITHUB_TOKEN"),
  secret("GITHUB_APP_ID"),
  secret("GIT_TOKEN@git.example.com:8443"),
  secret("GITHUB_TOKEN", { project: "shop" }),
];
const run = { vendor: "anthropic", repository: "https://github.com/o/r", project: null, demo: false };
const names = (list: readonly SecretInfo[]) =>
  list.map(({ name, project, source }) => `${name} ${project ?? source}`);

describe("the secrets a run will use", () => {
  it("are those of the engine's vendor, the project's first and the server's last", () => {
    expect(names(secretsFor(run, secrets).model)).toEqual([
      "CLAUDE_CODE_OAUTH_TOKEN@work stored",
      "ANTHROPIC_API_KEY server",
    ]);
    expect(names(secretsFor({ ...run, project: "shop" }, secrets).model)[0]).toBe("ANTHROPIC_API_KEY shop");
    expect(secretsFor({ ...run, demo: true }, secrets).model).toEqual([]);
    expect(secretsFor({ ...run, vendor: null }, secrets).model).toEqual([]);
  });

  it("are for git what fits the host, at the nearest place that has one", () => {
    expect(names(secretsFor(run, secrets).git)).toEqual(["GITHUB_TOKEN stored"]);
    expect(names(secretsFor({ ...run, project: "shop" }, secrets).git)).toEqual(["GITHUB_TOKEN shop"]);
    const repository = "https://git.example.com:8443/o/r";
    expect(names(secretsFor({ ...run, repository }, secrets).git)).toEqual([
      "GIT_TOKEN@git.example.com:8443 stored",
    ]);
    expect(secretsFor({ ...run, repository: "https://elsewhere.org/o/r" }, secrets).git).toEqual([]);
    expect(secretsFor({ ...run, repository: "" }, secrets).git).toEqual([]);
  });
});
