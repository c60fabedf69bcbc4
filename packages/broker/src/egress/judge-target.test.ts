import { hostPatternSchema } from "@agency/contract";
import type { Network } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { DEV_HOSTS } from "./dev-hosts.ts";
import { judgeTarget } from "./judge-target.ts";
import { parseTarget } from "./target.ts";

function judge(authority: string, network: Network, allowInternalNetwork = false) {
  const target = parseTarget(authority);
  if (target === null) throw new Error(`${authority} is no target`);
  return judgeTarget(target, { network, allowInternalNetwork, lists: new Map(), closed: [] });
}

describe("a list of hosts", () => {
  const list = { allow: ["a.com", "*.b.com", "c.com:8443", "*.d.com:22", "203.0.113.9"] };

  it.each([
    "a.com:443",
    "a.com:80",
    "A.COM.:443",
    "x.b.com:443",
    "y.x.b.com:80",
    "c.com:8443",
    "x.d.com:22",
    "203.0.113.9:443",
  ])("opens %s", (authority) => expect(judge(authority, list)).toBeNull());

  it.each([
    "evil-a.com:443",
    "a.com.evil.com:443",
    "www.a.com:443",
    "b.com:443",
    "evilb.com:443",
    "xb.com:443",
    "a.com:22",
    "a.com:8443",
    "x.b.com:22",
    "c.com:443",
    "x.d.com:443",
    "203.0.113.10:443",
    "8.8.8.8:443",
    "[2606:4700::1111]:443",
  ])("does not open %s", (authority) =>
    expect(judge(authority, list)).toMatchObject({ status: 403, reason: "not_listed" }),
  );

  it("never opens the ports of mail", () => {
    expect(judge("m.com:25", { allow: ["m.com:25"] })).toMatchObject({ verdict: "denied" });
  });

  it("says which host, which list and what opens it", () => {
    expect(judge("example.com:443", { allow: ["dev"] })?.message).toBe(
      "example.com:443 is not on this task's network list (allow: dev). Start the task with --network allow:example.com to open it.",
    );
    expect(judge("example.com:8080", { allow: ["dev"] })?.message).toContain("allow:example.com:8080");
    const many = { allow: Array.from({ length: 30 }, (_, at) => `h${at}.com`) };
    expect(judge("example.com:443", many)?.message).toContain("h7.com and 22 more)");
  });
});

describe("the dev list", () => {
  it.each(DEV_HOSTS)("%s is a pattern as users may write it", (host) => {
    expect(hostPatternSchema.parse(host)).toBe(host);
  });

  it("names each host once", () => expect(new Set(DEV_HOSTS).size).toBe(DEV_HOSTS.length));

  it.each([
    "registry.npmjs.org:443",
    "files.pythonhosted.org:443",
    "deb.debian.org:80",
    "codeload.github.com:443",
  ])("opens %s", (authority) => expect(judge(authority, { allow: ["dev", "a.com"] })).toBeNull());

  it.each(["pastebin.com:443", "gist.github.com:443", "evil.github.io:443", "x.s3.amazonaws.com:443"])(
    "does not open %s",
    (authority) => expect(judge(authority, { allow: ["dev"] })).toMatchObject({ reason: "not_listed" }),
  );
});

describe("the internet", () => {
  it.each(["example.com:443", "example.com:22", "example.com:5432", "8.8.8.8:53"])("opens %s", (authority) =>
    expect(judge(authority, "internet")).toBeNull(),
  );

  it.each([25, 465, 587])("does not open port %i", (port) =>
    expect(judge(`example.com:${port}`, "internet")).toMatchObject({ reason: "closed_port" }),
  );
});

describe("no network", () => {
  it("opens nothing and says so", () => {
    expect(judge("example.com:443", "none")).toMatchObject({
      reason: "no_network",
      message:
        "example.com:443 cannot be reached: this task has no network. Start the task with --network internet or --network allow:example.com to open it.",
    });
    expect(judge("[2606:4700::1111]:443", "none", true)?.message).toMatch(/--network internet to open it/);
  });
});

describe("names that are closed whatever they resolve to", () => {
  const own = ["localhost:80", "localhost.:80", "LOCALHOST:80", "x.localhost:80", "a.b.localhost.:80"];
  const host = ["localhost.localdomain:80", "host.docker.internal:80", "host.containers.internal:80"];
  const metadata = [
    "metadata.google.internal:80",
    "metadata:80",
    "metadata.goog:80",
    "instance-data.ec2.internal:80",
  ];

  it.each([...own, ...host, ...metadata])("%s, on every network", (authority) => {
    const listed = { allow: ["localhost.localdomain", "metadata.google.internal"] };
    for (const network of ["internet" as const, listed]) {
      for (const internal of [false, true]) {
        expect(judge(authority, network, internal)).toMatchObject({ status: 403, reason: "closed_name" });
      }
    }
  });

  it.each(["printer.local:631", "db.corp.internal:5432", "intranet:80", "nas.home.arpa:80"])(
    "%s, unless the internal network is open",
    (authority) => {
      expect(judge(authority, "internet")).toMatchObject({ reason: "closed_name" });
      expect(judge(authority, "internet", true)).toBeNull();
    },
  );

  it.each(["notlocalhost.com:80", "localhost.com:80", "metadata.example.com:80", "local.example.com:80"])(
    "not %s",
    (authority) => expect(judge(authority, "internet")).toBeNull(),
  );
});
