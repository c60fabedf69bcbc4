/** The three controllers a sandbox is held by. */
export const CONTROLLERS = ["memory", "pids", "cpu"] as const;
export type Controller = (typeof CONTROLLERS)[number];

export interface CgroupMounts {
  /** Version 1: a hierarchy a controller (two may share one). */
  readonly v1: Readonly<Partial<Record<Controller, string>>>;
  readonly unified: string | null;
}

/** From /proc/self/mountinfo: `... root mountpoint options - type source superoptions`. */
export function parseMounts(mountinfo: string): CgroupMounts {
  const v1: Partial<Record<Controller, string>> = {};
  let unified: string | null = null;
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const mountPoint = unescapeMount(before.split(" ")[4] ?? "");
    const [type, , options = ""] = after.split(" ");
    if (type === "cgroup2") unified ??= mountPoint;
    if (type !== "cgroup") continue;
    const present = new Set(options.split(","));
    for (const controller of CONTROLLERS) if (present.has(controller)) v1[controller] ??= mountPoint;
  }
  return { v1, unified };
}

/** Our own place in version 2, from /proc/self/cgroup: `0::/user.slice/...`. */
export function parseOwnPath(cgroup: string): string {
  const line = cgroup.split("\n").find((line) => line.startsWith("0::"));
  return line === undefined ? "/" : line.slice("0::".length);
}

/**
 * Where in version 2 sandboxes could live, best first. For root that is the top, where a restart of
 * the server's own unit does not reach; for a user it is the nearest delegated ancestor. Our own
 * cgroup comes last: holding processes, it may not hand its controllers on.
 */
export function candidateParents(mount: string, ownPath: string, asRoot: boolean): string[] {
  const steps = ownPath.split("/").filter((step) => step !== "" && step !== "..");
  const chain = steps.map((_, index) => [mount, ...steps.slice(0, index + 1)].join("/"));
  const ancestors = [mount, ...chain.slice(0, -1)];
  const own = chain.slice(-1);
  return asRoot ? [...ancestors, ...own] : [...ancestors.toReversed(), ...own];
}

function unescapeMount(path: string): string {
  return path.replaceAll(/\\(\d{3})/gu, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}
