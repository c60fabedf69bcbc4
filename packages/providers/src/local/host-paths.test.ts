import { describe, expect, it } from "vitest";
import { refusal } from "./host-paths.ts";

const rules = { serverHome: "/home/ada", dataDir: "/var/lib/agency" };

describe("a host path for a sandbox", () => {
  it.each(["/opt/toolchain", "/srv/models/small", "/home/ada/src/tools", "/usr/local/go", "/mnt/data/set"])(
    "may be %s",
    (path) => {
      expect(refusal(path, rules)).toBeNull();
    },
  );

  it.each([
    ["/", "far more"],
    ["/home", "far more"],
    ["/usr", "far more"],
    ["/tmp", "far more"],
    ["/home/ada", "home folder"],
    ["/root", "/root"],
    ["/root/.cache", "/root"],
    ["/run", "/run"],
    ["/run/docker.sock", "/run"],
    ["/var/run/docker.sock", "/var/run"],
    ["/proc/1", "/proc"],
    ["/sys/fs/cgroup", "/sys"],
    ["/dev/vda", "/dev"],
    ["/etc/shadow", "/etc"],
    ["/boot", "/boot"],
    ["/var", "far more"],
    ["/var/lib/agency", "/var/lib/agency"],
    ["/var/lib/agency/sandboxes/x/workspace", "/var/lib/agency"],
    ["/home/ada/.ssh", ".ssh"],
    ["/home/grace/.aws/sso", ".aws"],
    ["/home/ada/.config/gcloud", "gcloud"],
    ["/workspace/x", "/workspace"],
    ["/opt/agency", "/opt/agency"],
    ["/lib64", "/lib64"],
  ])("may not be %s", (path, why) => {
    expect(refusal(path, rules)).toContain(why);
  });

  it("may not contain the server's home or its data", () => {
    expect(refusal("/data", { serverHome: "/data/people/ada", dataDir: "/x" })).toContain("home folder");
    expect(refusal("/data", { serverHome: "/x", dataDir: "/data/agency" })).toContain("/data/agency");
  });

  it("is told apart from a neighbour whose name begins alike", () => {
    expect(refusal("/running", rules)).toBeNull();
    expect(refusal("/var/lib/agency-tools", rules)).toBeNull();
  });
});
