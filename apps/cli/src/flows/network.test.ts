import type { AccountNetwork } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

const settings: AccountNetwork = {
  lists: [
    { name: "docs", hosts: ["docs.example", "*.docs.example:8443"] },
    { name: "ours", hosts: ["git.example"] },
  ],
  never: ["bad.example"],
  default: { allow: ["dev", "ours"] },
};

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
  for (const asked of ["GET /v1/network", "PATCH /v1/network", "PUT /v1/network/lists/ours"])
    api.answers.set(asked, settings);
  api.answers.set("DELETE /v1/network/lists/ours", null);
});
afterEach(() => api.stop());

async function run(...words: string[]) {
  using cli = testCli({ env: envFor(api) });
  const code = await cli.run("network", ...words);
  return { code, out: cli.stdout.text, err: cli.stderr.text };
}
const changes = () =>
  api.seen.filter(({ method }) => method !== "GET").map(({ method, path, body }) => [method, path, body]);

describe("agency network", () => {
  it("shows the default, what is closed, and each list", async () => {
    expect((await run()).out).toBe(
      [
        "WHAT       HOSTS",
        "default    allow:dev,ours",
        "closed     bad.example",
        "list docs  docs.example *.docs.example:8443",
        "list ours  git.example",
        "",
      ].join("\n"),
    );
    api.answers.set("GET /v1/network", { lists: [], never: [], default: null });
    expect((await run()).out).toContain("internet (not set)");
  });

  it("is the server's answer for programs", async () => {
    expect(JSON.parse((await run("--json")).out)).toEqual(settings);
    expect(JSON.parse((await run("close", "bad.example", "--json")).out)).toEqual(settings);
  });

  it("changes what it is told to, and shows what is true then", async () => {
    for (const words of [
      ["set", "ours", "git.example", "*.docs.example:8443,dev"],
      ["rm", "ours"],
      ["close", "bad.example", "*.bad.example"],
      ["open", "bad.example"],
      ["default", "allow:dev,ours"],
      ["default", "none"],
      ["default", "unset"],
    ]) {
      const { code, out } = await run(...words);
      expect([code, out]).toEqual([0, expect.stringContaining("list ours")]);
    }
    expect(changes()).toEqual([
      ["PUT", "/v1/network/lists/ours", { hosts: ["git.example", "*.docs.example:8443", "dev"] }],
      ["DELETE", "/v1/network/lists/ours", undefined],
      ["PATCH", "/v1/network", { close: ["bad.example", "*.bad.example"] }],
      ["PATCH", "/v1/network", { open: ["bad.example"] }],
      ["PATCH", "/v1/network", { default: { allow: ["dev", "ours"] } }],
      ["PATCH", "/v1/network", { default: "none" }],
      ["PATCH", "/v1/network", { default: null }],
    ]);
  });

  it.each([
    [["set"], "set needs a name"],
    [["set", "ours"], "set needs a name"],
    [["set", "git.example", "docs.example"], "set needs a name"],
    [["rm"], "rm needs the name"],
    [["rm", "a", "b"], "rm needs the name"],
    [["close"], "agency network close pastebin.com '*.pastebin.com'"],
    [["open", ","], "open needs hosts"],
    [["default"], "default needs one"],
    [["default", "everything"], "default needs one"],
    [["default", "none", "internet"], "default needs one"],
    [["forget", "ours"], 'network has no "forget"'],
  ])("asks the server nothing for %j", async (words, complaint) => {
    const { code, err } = await run(...words);
    expect([code, err]).toEqual([2, expect.stringContaining(complaint)]);
    expect(api.seen).toEqual([]);
  });
});
