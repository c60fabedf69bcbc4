import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { parsePostmasterPid } from "./postmaster-pid.ts";
import { commandServes, isPostmasterOf, parseStat, processLife } from "./process-identity.ts";
import { firstClosedFolder, mayUse, parseNobody } from "./server-user.ts";

describe("a process", () => {
  it("has one name for as long as it lives, and none afterwards", async () => {
    const child = spawn("sleep", ["600"]);
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    const life = await processLife(pid);
    expect(life).toMatch(new RegExp(`^${pid}@`));
    expect(await processLife(pid)).toBe(life);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await processLife(pid)).toBeNull();
  });

  it("is read even when its name holds brackets and spaces", () => {
    const rest = Array.from({ length: 18 }, (_, i) => i + 4).join(" ");
    expect(parseStat(`42 (a) b) Z (c) S ${rest} 987654 0 0`)).toEqual({ state: "S", startTicks: "987654" });
    expect(parseStat("nonsense")).toBeNull();
  });

  it("is no postmaster of ours for having the right pid only", async () => {
    expect(await isPostmasterOf(process.pid, process.cwd())).toBe(false);
    expect(await isPostmasterOf(2 ** 22 + 1, "/")).toBe(false);
  });

  it("is known by its command line where there is no /proc", () => {
    const command = "/opt/agency/bin/postgres -D /Users/me/data/cluster -c port=5432";
    expect(commandServes(command, "/Users/me/data/cluster")).toBe(true);
    expect(commandServes(command, "/Users/me/data")).toBe(false);
    expect(commandServes("/usr/bin/vim -D /Users/me/data/cluster", "/Users/me/data/cluster")).toBe(false);
  });
});

describe("postmaster.pid", () => {
  const lines = [
    "4711",
    "/data/cluster",
    "1700000000",
    "5432",
    "/run/agency",
    "",
    "  123 456",
    "ready   ",
    "",
  ];

  it("names the process, the socket and how far the start is", () => {
    const file = { pid: 4711, port: "5432", socketDir: "/run/agency", status: "ready" };
    expect(parsePostmasterPid(lines.join("\n"))).toEqual(file);
    expect(parsePostmasterPid(lines.slice(0, 6).join("\n"))).toEqual({ ...file, status: null });
  });

  it("is nothing to go by when it is empty, torn or not a number", () => {
    for (const text of ["", "\n", "-1\n", "0\n", "1\n", "abc\n/data"])
      expect(parsePostmasterPid(text)).toBeNull();
  });
});

describe("the server's user", () => {
  it("is found in the list of users, with macOS's negative numbers, too", () => {
    const linux =
      "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
    expect(parseNobody(linux)).toEqual({ uid: 65_534, gid: 65_534 });
    expect(parseNobody("nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false")).toEqual({
      uid: 4_294_967_294,
      gid: 4_294_967_294,
    });
    expect(parseNobody("root:x:0:0::/root:/bin/sh\n")).toBeNull();
  });

  it("is let in by the first rule that names them: owner, group, others", () => {
    const folder = { mode: 0o40_751, uid: 1, gid: 2 };
    expect(mayUse(folder, { uid: 1, gid: 9 }, 0o7)).toBe(true);
    expect(mayUse(folder, { uid: 9, gid: 2 }, 0o5)).toBe(true);
    expect(mayUse(folder, { uid: 9, gid: 2 }, 0o2)).toBe(false);
    expect(mayUse(folder, { uid: 9, gid: 9 }, 0o1)).toBe(true);
    expect(mayUse(folder, { uid: 9, gid: 9 }, 0o4)).toBe(false);
  });

  it("reaches the temporary folder of this system", async () => {
    expect(await firstClosedFolder("/tmp", { uid: 65_534, gid: 65_534 })).toBeNull();
  });
});
