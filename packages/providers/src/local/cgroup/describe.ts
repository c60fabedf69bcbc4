import type { ProviderCapabilities } from "@agency/core";
import type { FoundTree } from "./find-tree.ts";
import type { Controller } from "./mounts.ts";

const GIB = 1024 ** 3;
const NOT_HELD = "not held on this machine";

/** How each limit is held here, for people. */
export function describeLimits(found: FoundTree, machineBytes: number): ProviderCapabilities["limits"] {
  const by = (controller: Controller): string | null => {
    const { tree } = found;
    return tree?.parents[controller] === undefined ? null : `cgroup v${tree.version}`;
  };
  const problem = found.problem ?? "the kernel does not offer this controller";
  const memory = by("memory");
  return {
    memory:
      memory === null ? `${NOT_HELD}: ${problem}` : `${memory}, ${Math.round(machineBytes / GIB)} GiB in all`,
    pids: by("pids") ?? "RLIMIT_NPROC in the sandbox's own user namespace",
    cpu: by("cpu") ?? `${NOT_HELD}: ${problem}`,
    disk: `one file by RLIMIT_FSIZE, /tmp by its size; the workspace as a whole is ${NOT_HELD}`,
  };
}
