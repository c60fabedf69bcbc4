import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

const AT = "2026-01-01T00:00:00.000Z";
const ID = "01900000-0000-7000-8000-00000000d001";
const pairing = { id: ID, deviceName: "Phone", address: "10.0.0.7", requestedAt: AT, expiresAt: AT };
const device = {
  id: ID,
  name: "Laptop \u001b[31m",
  address: "127.0.0.1",
  method: "link",
  createdAt: AT,
  lastSeenAt: AT,
  expiresAt: AT,
  current: false,
};

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

const bodies = (path: string) => api.seen.filter((request) => request.path === path).map(({ body }) => body);

describe("agency pair", () => {
  beforeEach(() => {
    api.answers.set("POST /v1/pairing/find", pairing);
    api.answers.set("POST /v1/pairing/decide", pairing);
  });

  it("says who asks before it lets anybody in", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("pair", "ABCD-EFGH")).toBe(2);
    expect(cli.stderr.text).toContain("Phone at 10.0.0.7 asks to be signed in");
    expect(bodies("/v1/pairing/decide")).toEqual([]);
  });

  it.each([
    ["--yes", true, "Phone at 10.0.0.7 is signed in.\n"],
    ["--refuse", false, "Phone at 10.0.0.7 was refused.\n"],
  ])("decides with %s", async (flag, accept, words) => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("pair", "ABCD-EFGH", flag)).toBe(0);
    expect(bodies("/v1/pairing/decide")).toEqual([{ code: "ABCD-EFGH", accept }]);
    expect(cli.stdout.text).toBe(words);
  });
});

describe("agency devices", () => {
  it("lists who is signed in, with nothing a terminal would act on", async () => {
    api.answers.set("GET /v1/devices", { devices: [device] });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("devices")).toBe(0);
    expect(cli.stdout.text).toContain(ID);
    expect(cli.stdout.text).not.toContain("\u001b");
  });

  it("signs one out", async () => {
    api.answers.set(`DELETE /v1/devices/${ID}`, null);
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("devices", "sign-out", ID)).toBe(0);
    expect(cli.stdout.text).toBe("The device is signed out.\n");
    expect(await cli.run("devices", "sign-out")).toBe(2);
    expect(await cli.run("devices", "forget", ID)).toBe(2);
  });
});

describe("agency keys", () => {
  it("makes one and shows it once, alone on stdout", async () => {
    api.answers.set("POST /v1/keys", { id: ID, key: "agk_new" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("keys", "create", "ci")).toBe(0);
    expect(bodies("/v1/keys")).toEqual([{ name: "ci" }]);
    expect(cli.stdout.text).toBe("agk_new\n");
  });

  it("lists and revokes them", async () => {
    const key = { id: ID, name: "ci", prefix: "agk_n", createdAt: AT, revoked: true };
    api.answers.set("GET /v1/keys", { keys: [key] });
    api.answers.set(`DELETE /v1/keys/${ID}`, null);
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("keys")).toBe(0);
    expect(cli.stdout.text).toMatch(/ci +agk_n… .*revoked/);
    expect(await cli.run("keys", "revoke", ID)).toBe(0);
  });
});

describe("agency password", () => {
  it("takes it from stdin, never from the command line, and shows none of it", async () => {
    api.answers.set("PUT /v1/password", null);
    using cli = testCli({ env: envFor(api), stdin: "correct horse battery\n" });
    expect(await cli.run("password")).toBe(0);
    expect(bodies("/v1/password")).toEqual([{ password: "correct horse battery" }]);
    expect(cli.stdout.text + cli.stderr.text).not.toContain("horse");
    expect(await cli.run("password", "--remove")).toBe(0);
    expect(bodies("/v1/password").at(-1)).toEqual({ password: null });
  });
});
