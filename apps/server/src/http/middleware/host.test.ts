import { describe, expect, it } from "vitest";
import { codeOf, createTestApi } from "../testing/test-api.ts";
import { isAllowedHost } from "./host.ts";

const policy = { listen: "127.0.0.1", allowed: ["agency.example", "proxy.example:8443"] };

describe("the names a server answers to", () => {
  it.each(["127.0.0.1:7717", "localhost:7717", "LOCALHOST:7717", "[::1]:7717"])(
    "are its loopback name %s",
    (host) => {
      expect(isAllowedHost(host, policy, 7717)).toBe(true);
    },
  );

  it.each(["agency.example", "agency.example:443", "Agency.Example:9", "proxy.example:8443"])(
    "are the configured %s",
    (host) => {
      expect(isAllowedHost(host, policy, 7717)).toBe(true);
    },
  );

  it.each([
    "",
    "evil.example",
    "127.0.0.1.evil.example:7717",
    "127.0.0.1:7718",
    "127.0.0.1",
    "127.0.0.2:7717",
    "localhost.:7717",
    "localhost:7717:1",
    "localhost:7717, evil.example",
    "evil.example, localhost:7717",
    "user@localhost:7717",
    "localhost:7717/",
    "localhost:",
    "localhost:99999999",
    "[::1]:7718",
    "[::ffff:127.0.0.1]:7717",
    "0.0.0.0:7717",
    "proxy.example",
    "proxy.example:443",
    "xagency.example",
    " agency.example",
    "agency.example\t",
  ])("are not %j", (host) => {
    expect(isAllowedHost(host, policy, 7717)).toBe(false);
  });

  it("are also the address it was told to listen on, unless that is every address", () => {
    expect(isAllowedHost("192.168.1.5:7717", { ...policy, listen: "192.168.1.5" }, 7717)).toBe(true);
    expect(isAllowedHost("[fd00::1]:7717", { ...policy, listen: "fd00::1" }, 7717)).toBe(true);
    expect(isAllowedHost("0.0.0.0:7717", { ...policy, listen: "0.0.0.0" }, 7717)).toBe(false);
    expect(isAllowedHost("[::]:7717", { ...policy, listen: "::" }, 7717)).toBe(false);
  });

  it("may leave out port 80", () => {
    expect(isAllowedHost("localhost", policy, 80)).toBe(true);
  });

  it("count before anything else does, paths that do not exist included", async () => {
    const { ask } = createTestApi();
    for (const path of ["/v1/tasks", "/healthz", "/", "/nowhere"]) {
      const answer = await ask("GET", path, { headers: { host: "evil.example" } });
      expect([answer.status, codeOf(answer)]).toEqual([421, "wrong_host"]);
    }
  });
});
