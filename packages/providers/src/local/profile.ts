import type { ResourceLimits } from "@agency/core";
import type { HostRoot } from "./host-root.ts";

/**
 * The runner passes everything through: a large young generation would only be memory taken from the agent. And the
 * agent, who has the same uid, may send it any signal: Node's answer to SIGUSR1 is a debugger for whoever comes.
 */
const NODE_FLAGS = ["--max-semi-space-size=2", "--disable-sigusr1"];

/** Where things are inside. The runner and the engines rely on these. */
export const INSIDE = {
  workspace: "/workspace",
  home: "/home/agent",
  /** Nothing lies above it that the agent could write: tools look for settings and modules in every folder upwards. */
  checks: "/checks",
  node: "/opt/agency/bin/node",
  /** The runner's own: nobody inside can read it. */
  sealedNode: "/opt/agency/sealed/node",
  runner: "/opt/agency/runner.mjs",
  engines: "/opt/agency/engines",
  door: "/run/agency/door",
  bootstrap: "/run/agency/bootstrap.json",
} as const;

export const USER = { name: "agent", id: 1000 } as const;

/** Files that exist only inside; their text travels over a descriptor, never over a command line. */
export const OWN_FILES: Readonly<Record<string, string>> = {
  "/etc/passwd": `${USER.name}:x:${USER.id}:${USER.id}::${INSIDE.home}:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n`,
  "/etc/group": `${USER.name}:x:${USER.id}:\nnogroup:x:65534:\n`,
  "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
  // There is no resolver: names are looked up by the broker, outside.
  "/etc/resolv.conf": "options timeout:1 attempts:1\n",
  "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
};

export interface ProfileMounts {
  readonly workspace: string;
  readonly home: string;
  readonly checks: string;
  readonly door: string;
  /** Given to this sandbox alone. */
  readonly given: readonly { readonly path: string; readonly target: string; readonly readOnly: boolean }[];
  readonly node: string;
  readonly sealedNode: string;
  readonly runner: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly readOnly: readonly string[];
  readonly readWrite: readonly string[];
}

export interface ProfileDescriptors {
  readonly status: number;
  readonly seccomp: number;
  readonly bootstrap: number;
  /** Path inside → descriptor with its content. */
  readonly files: Readonly<Record<string, number>>;
}

const TMP_LEAST_BYTES = 1024 * 1024;
const RUN_BYTES = 4 * 1024 * 1024;

/** One option of bwrap with its values. */
type Option = readonly string[];

/** The options for bwrap's --args, in the order in which it carries them out. */
export function profileArguments(
  host: HostRoot,
  mounts: ProfileMounts,
  descriptors: ProfileDescriptors,
  tmpBytes: number,
): string[] {
  return [
    ...ISOLATION,
    ...system(host),
    ...Object.entries(descriptors.files).map(([path, fd]): Option => [
      "--perms",
      "0444",
      "--ro-bind-data",
      String(fd),
      path,
    ]),
    ...temporary(Math.max(tmpBytes, TMP_LEAST_BYTES)),
    ...mounts.readOnly.map((path): Option => ["--ro-bind", path, path]),
    ...mounts.readWrite.map((path): Option => ["--bind", path, path]),
    ...ownMounts(mounts),
    ["--ro-bind-data", String(descriptors.bootstrap), INSIDE.bootstrap],
    ...Object.entries(ENVIRONMENT).map(([name, value]): Option => ["--setenv", name, value]),
    // The root and /dev are tmpfs of bwrap's own: left writable they are unlimited memory.
    ["--remount-ro", "/dev"],
    ["--remount-ro", "/"],
    ["--json-status-fd", String(descriptors.status)],
    ["--seccomp", String(descriptors.seccomp)],
  ].flat();
}

/** Without --share-net, whatever the task asks for: the door is the only way out. */
const ISOLATION: readonly Option[] = [
  ["--unshare-all"],
  ["--unshare-user"],
  ["--disable-userns"],
  ["--die-with-parent"],
  ["--new-session"],
  ["--uid", String(USER.id)],
  ["--gid", String(USER.id)],
  ["--hostname", "sandbox"],
  ["--cap-drop", "ALL"],
  ["--clearenv"],
];

const ENVIRONMENT = {
  PATH: "/opt/agency/bin:/usr/local/bin:/usr/bin:/bin",
  HOME: INSIDE.home,
  USER: USER.name,
  LOGNAME: USER.name,
  SHELL: "/bin/sh",
  TMPDIR: "/tmp",
  LANG: "C.UTF-8",
  // Whoever runs in here is the agent's: the runner may end all of it.
  AGENCY_OWN_PROCESSES: "1",
  AGENCY_CHECKS: INSIDE.checks,
};

function system(host: HostRoot): Option[] {
  return [
    ...host.folders.map((path): Option => ["--ro-bind", path, path]),
    ...host.etc.map((path): Option => ["--ro-bind-try", path, path]),
    ...host.links.map(({ path, target }): Option => ["--symlink", target, path]),
    ["--proc", "/proc"],
    ["--dev", "/dev"],
    ...host.masked.map((path): Option => ["--ro-bind", "/dev/null", path]),
  ];
}

function temporary(bytes: number): Option[] {
  return [
    ["--size", String(bytes), "--perms", "1777", "--tmpfs", "/dev/shm"],
    ["--size", String(bytes), "--perms", "1777", "--tmpfs", "/tmp"],
    ["--size", String(RUN_BYTES), "--perms", "0755", "--tmpfs", "/run"],
  ];
}

function ownMounts(mounts: ProfileMounts): Option[] {
  const engines = Object.entries(mounts.engines);
  return [
    ["--ro-bind", mounts.node, INSIDE.node],
    ["--ro-bind", mounts.sealedNode, INSIDE.sealedNode],
    ["--ro-bind", mounts.runner, INSIDE.runner],
    ...engines.map(([name, path]): Option => ["--ro-bind", path, `${INSIDE.engines}/${name}`]),
    ["--ro-bind", mounts.door, INSIDE.door],
    ...mounts.given.map(({ path, target, readOnly }): Option => [
      readOnly ? "--ro-bind" : "--bind",
      path,
      target,
    ]),
    ["--bind", mounts.workspace, INSIDE.workspace],
    ["--bind", mounts.home, INSIDE.home],
    ["--bind", mounts.checks, INSIDE.checks],
    ["--chdir", INSIDE.workspace],
  ];
}

/**
 * Said on descriptor 3 when everything is in place and the runner is next. Nobody may be listening
 * any more: the sandbox goes on all the same.
 */
export const READY = "ready";
const ANNOUNCE = `trap '' PIPE; echo ${READY} >&3 2>/dev/null; exec 3>&-; exec "$@"`;
const OPEN_FILES = 65_536;

/**
 * What runs inside: limits, the sign of life, then the runner. The process limit is set here, not
 * outside, because in a user namespace of its own the kernel (5.14 and later) counts for this
 * sandbox alone, so it holds also where all sandboxes share the server's uid.
 */
export function insideCommand(prlimit: string, host: HostRoot, limits: ResourceLimits): string[] {
  const { hardLimits } = host;
  const held = [
    "--core=0",
    `--nofile=${Math.min(OPEN_FILES, hardLimits.openFiles)}`,
    `--nproc=${Math.min(limits.pids, hardLimits.processes)}`,
    `--fsize=${Math.min(limits.fileBytes, hardLimits.fileBytes)}`,
  ];
  const runner = [INSIDE.sealedNode, ...NODE_FLAGS, INSIDE.runner];
  return [prlimit, ...held, "--", "/bin/sh", "-c", ANNOUNCE, "agency", ...runner];
}
