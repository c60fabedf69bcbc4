import { ProviderError } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { chainCommand } from "./chain.ts";
import { judgeTrial } from "./doctor/verdicts.ts";
import { namesWithin } from "./doctor/machine.ts";
import { toProviderError } from "./failure.ts";
import { parseLimits } from "./host-root.ts";
import { closesOnExec } from "./inherited.ts";
import { once } from "./once.ts";
import { isChainCommand, kill, parseStat } from "./processes.ts";
import { insideCommand, profileArguments } from "./profile.ts";
import { parseStatus } from "./records.ts";
import { folderOf, parseFolderName } from "./sandbox-folder.ts";
import { secondsLeft } from "./spec.ts";
import { startFailure } from "./start-failure.ts";
import { isNewEnough } from "./tools.ts";

const host = {
  links: [{ path: "/bin", target: "usr/bin" }],
  folders: ["/usr"],
  etc: ["/etc/ssl"],
  masked: ["/proc/keys"],
  hardLimits: { openFiles: 4096, processes: Number.POSITIVE_INFINITY, fileBytes: Number.POSITIVE_INFINITY },
};

describe("the profile", () => {
  const mounts = {
    workspace: "/data/x/workspace",
    home: "/data/x/home",
    checks: "/data/x/checks",
    door: "/data/door",
    given: [],
    node: "/n/node",
    sealedNode: "/n/sealed/node",
    runner: "/n/runner.mjs",
    engines: { claude: "/n/claude" },
    readOnly: ["/opt/tools"],
    readWrite: ["/srv/cache"],
  };
  const words = profileArguments(
    host,
    mounts,
    { status: 4, seccomp: 6, bootstrap: 7, files: { "/etc/hosts": 8 } },
    5e6,
  );
  const text = ` ${words.join(" ")} `;

  it("closes every namespace and never shares the network", () => {
    for (const option of [
      "--unshare-all",
      "--unshare-user",
      "--disable-userns",
      "--die-with-parent",
      "--new-session",
      "--clearenv",
    ]) {
      expect(words).toContain(option);
    }
    expect(text).toContain(" --cap-drop ALL ");
    expect(text).not.toMatch(/share-net|--dev-bind|--cap-add|unshare-\w+-try/u);
  });

  it("mounts only three rooms and the configured paths for writing", () => {
    const writable = words.flatMap((word, index) => (word === "--bind" ? [words[index + 2]] : []));
    expect(writable).toEqual(["/srv/cache", "/workspace", "/home/agent", "/checks"]);
    expect(text).toContain(" --ro-bind /data/door /run/agency/door ");
    expect(text).toContain(" --ro-bind /n/claude /opt/agency/engines/claude ");
  });

  it("gives every tmpfs a size and makes the root read-only after all mounts", () => {
    const tmpfs = words.flatMap((word, index) => (word === "--tmpfs" ? [words[index - 4]] : []));
    expect(tmpfs).toEqual(["--size", "--size", "--size"]);
    const lastMount = Math.max(
      ...["--bind", "--ro-bind", "--ro-bind-data", "--tmpfs"].map((word) => words.lastIndexOf(word)),
    );
    expect(words.indexOf("--remount-ro")).toBeGreaterThan(lastMount);
    expect(text).toMatch(/ --remount-ro \/dev --remount-ro \/ /u);
  });

  it("asks for no more than the server itself may have", () => {
    const { resources } = sandboxSpec();
    const command = insideCommand("/usr/bin/prlimit", host, { ...resources, pids: 50 });
    expect(command.slice(0, 5)).toEqual([
      "/usr/bin/prlimit",
      "--core=0",
      "--nofile=4096",
      "--nproc=50",
      `--fsize=${resources.fileBytes}`,
    ]);
    expect(command.at(-1)).toBe("/opt/agency/runner.mjs");
    expect(command).toContain("/opt/agency/sealed/node");
    // Anybody of the same uid may send it, and would get a debugger.
    expect(command).toContain("--disable-sigusr1");
  });
});

describe("the chain", () => {
  const plan = {
    tools: { sh: "/bin/sh", timeout: "/bin/timeout", setpriv: "/bin/setpriv", bwrap: "/bin/bwrap" },
    marker: "mark",
    controlDir: "/data/x/control",
    joins: ["/cg/tasks"],
    uid: 66_001,
    secondsLeft: 60,
    argumentsFd: 5,
    command: ["run"],
  };

  it("drops root before bwrap and carries its marker at each step", () => {
    const words = chainCommand(plan);
    expect(words.indexOf("/bin/setpriv")).toBeLessThan(words.indexOf("/bin/bwrap"));
    expect(words.join(" ")).toContain("--reuid 66001 --regid 66001 --clear-groups --no-new-privs");
    expect(words.filter((word) => word === "mark")).toHaveLength(2);
  });

  it("needs no setpriv for an ordinary user", () => {
    expect(chainCommand({ ...plan, uid: null }).join(" ")).not.toContain("setpriv");
  });

  it("is known by its marker, and nothing else is", () => {
    expect(isChainCommand("/usr/bin/bwrap\0--args\x005\0mark\0", "mark")).toBe(true);
    expect(isChainCommand("grep\0mark\0", "mark")).toBe(false);
    expect(isChainCommand("bwrap\0marked\0", "mark")).toBe(false);
    expect(isChainCommand("", "mark")).toBe(false);
  });
});

describe("what is read from the kernel and from bwrap", () => {
  it("finds state and start time behind a name with brackets and spaces", () => {
    const tail = Array.from({ length: 40 }, (_, index) => String(index)).join(" ");
    expect(parseStat(`12 (a) (b c)) S ${tail}`)).toEqual({ state: "S", startedAt: "18" });
    expect(parseStat("")).toBeNull();
  });

  it("takes a half-written status for not there yet", () => {
    expect(parseStatus('{ "child-pid": 12, "x": 1 }\n{ "exit-co')).toEqual({ initPid: 12, exitCode: null });
    expect(parseStatus('{"child-pid":12}\n{"exit-code":3}\n')).toEqual({ initPid: 12, exitCode: 3 });
    expect(parseStatus("")).toEqual({ initPid: null, exitCode: null });
  });

  it("reads hard limits", () => {
    const limits = parseLimits(
      "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 524288               files\nMax processes             10                   unlimited            processes\n",
    );
    expect(limits).toEqual({
      openFiles: 524_288,
      processes: Number.POSITIVE_INFINITY,
      fileBytes: Number.POSITIVE_INFINITY,
    });
  });

  it("tells which descriptors close by themselves", () => {
    expect(closesOnExec("pos:\t0\nflags:\t02100000\n")).toBe(true);
    expect(closesOnExec("pos:\t0\nflags:\t0100000\n")).toBe(false);
  });

  it("never signals a process group", () => {
    for (const pid of [0, -1, 1, Number.NaN]) expect(() => kill(pid)).not.toThrow();
  });

  it("finds people who have a sandbox's uid", () => {
    const passwd = "root:x:0:0::/root:/bin/sh\nada:x:66010:66010::/home/ada:/bin/sh\n";
    expect(namesWithin({ first: 66_000, count: 1000, claims: "" }, passwd)).toEqual(["ada"]);
  });

  it("compares versions by their numbers", () => {
    expect(["0.8.0", "0.11.0", "1.0"].map(isNewEnough)).toEqual([true, true, true]);
    expect(["0.7.9", "0.4.1"].map(isNewEnough)).toEqual([false, false]);
  });
});

describe("names and references", () => {
  it("are one folder a generation", () => {
    expect(parseFolderName("0192-ab.12")).toEqual({ id: "0192-ab", generation: 12 });
  });

  it.each(["", "x", "x.", ".1", "../x.1", "a/b.1", "x.01", "x.1.2", ".new-x.1", "x.-1"])(
    "refuse %s",
    (name) => {
      expect(parseFolderName(name)).toBeNull();
      expect(() => folderOf("/home", { provider: "local", nativeId: name })).toThrow(ProviderError);
    },
  );

  it("round the time that is left up, so that no deadline comes early", () => {
    const spec = sandboxSpec({ deadlineAt: "2026-01-01T00:00:10.001Z" });
    expect(secondsLeft(spec, Date.parse("2026-01-01T00:00:00.000Z"))).toBe(11);
  });
});

describe("failures", () => {
  it.each([
    ["bwrap: setting up uid map: Permission denied", "unavailable", "apparmor"],
    [
      "bwrap: No permissions to create new namespace, likely because the kernel does not allow it",
      "unavailable",
      "sysctl",
    ],
    ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "unavailable", "apparmor"],
    ["bwrap: Creating new namespace failed: No space left on device", "capacity", "max_user_namespaces"],
    ["bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "unavailable", "container"],
    ["bwrap: Unknown option --disable-userns", "unavailable", "install bubblewrap"],
    ["setpriv: setresuid failed: Invalid argument", "unavailable", "range of uids"],
    ["/bin/sh: 1: Cannot fork", "capacity", "fewer tasks"],
    ["bwrap: Can't write data to file /etc/hosts: No space left on device", "capacity", "disk"],
    ["", "unavailable", "agency doctor"],
    ["bwrap: something nobody has seen", "unavailable", "something nobody has seen"],
  ])("of a start that said %j are %s", (console, kind, hint) => {
    const failure = startFailure(console);
    expect(failure.kind).toBe(kind);
    expect(failure.message.toLowerCase()).toContain(hint.toLowerCase());
  });

  it("of the disk become a kind and a next step", () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    expect(toProviderError("creating x", full)).toMatchObject({
      kind: "capacity",
      message: expect.stringContaining("free some disk space"),
    });
    const closed = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    expect(toProviderError("creating x", closed).kind).toBe("unavailable");
    const known = new ProviderError("conflict", "as it is");
    expect(toProviderError("creating x", known)).toBe(known);
  });

  it("are not remembered, answers are until somebody wants a fresh one", async () => {
    let calls = 0;
    const ask = once(() => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error("not yet")) : Promise.resolve(calls);
    });
    await expect(ask()).rejects.toThrow("not yet");
    expect(await ask()).toBe(2);
    expect(await ask()).toBe(2);
    expect(await ask("fresh")).toBe(3);
  });
});

describe("the doctor's verdicts", () => {
  const report = {
    node: "v26.10.0",
    seccomp: "2",
    noNewPrivs: "1",
    capabilities: "0000000000000000",
    namespace: "unshare: unshare failed: Operation not permitted",
    environment: "PATH PWD",
    interfaces: "",
    loopback: "ECONNREFUSED",
    writable: "",
    runner: "cat: /proc/2/environ: Permission denied",
    git: "git version 2.39.5",
    tar: "tar (GNU tar) 1.34",
  };
  const judge = (changes: Partial<typeof report>, orphans: [number, number] = [1, 0]): string[] => {
    const [orphansBefore, orphansAfter] = orphans;
    const checks = judgeTrial({ report: { ...report, ...changes }, orphansBefore, orphansAfter, millis: 30 });
    return checks.filter(({ level }) => level !== "ok").map(({ id, level }) => `${id} ${level}`);
  };

  it("find nothing wrong with a whole sandbox", () => {
    expect(judge({})).toEqual([]);
  });

  it.each([
    [{ seccomp: "0" }, "local.seccomp fail"],
    [{ namespace: "unshare: unshare failed: No space left on device" }, "local.seccomp fail"],
    [{ capabilities: "000001ffffffffff" }, "local.privileges fail"],
    [{ noNewPrivs: "0" }, "local.privileges fail"],
    [{ environment: "PATH AGENCY_API_KEY" }, "local.env fail"],
    [{ interfaces: "eth0" }, "local.network fail"],
    [{ loopback: "reached" }, "local.network fail"],
    [{ writable: "/etc/canary" }, "local.files fail"],
    [{ runner: "PATH=/opt/agency/bin" }, "local.runner fail"],
    [{ git: "ENOENT" }, "local.git fail"],
  ])("take %j for %s", (changes, verdict) => {
    expect(judge(changes)).toEqual([verdict]);
  });

  it("tell an orphan that stayed from one that was never seen", () => {
    expect(judge({}, [1, 1])).toEqual(["local.orphans fail"]);
    expect(judge({}, [0, 0])).toEqual(["local.orphans warn"]);
  });
});
