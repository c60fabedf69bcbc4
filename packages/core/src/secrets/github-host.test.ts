import { expect, it } from "vitest";
import { gitAuthorization } from "./git-authorization.ts";
import { githubHost } from "./github-host.ts";

it.each([
  ["https://api.github.com", "github.com"],
  ["https://api.Octo.ghe.com/", "octo.ghe.com"],
  ["https://git.example.com/api/v3", "git.example.com"],
  ["https://git.example.com:8443/api/v3/", "git.example.com:8443"],
  ["https://proxy.example.com/github", "github.com"],
])("the API at %s belongs to %s", (url, host) => {
  expect(githubHost(url)).toBe(host);
});

it.each([
  ["ghp_1", true, "x-access-token:ghp_1"],
  ["glpat-1", false, "oauth2:glpat-1"],
  ["user:pä:ss", true, "user:pä:ss"],
])("%s (GitHub: %s) is presented as %s", (value, github, pair) => {
  expect(gitAuthorization(value, github)).toBe(`Basic ${Buffer.from(pair).toString("base64")}`);
});
