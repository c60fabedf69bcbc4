import { joinFiles } from "./cgroup/tree.ts";
import { chainCommand } from "./chain.ts";
import type { LocalContext } from "./context.ts";
import type { Draft } from "./draft.ts";
import { FIRST_INPUT_FD, STATUS_FD } from "./launch.ts";
import type { Launch } from "./launch.ts";
import { insideCommand, profileArguments } from "./profile.ts";
import { cgroupName } from "./sandbox-folder.ts";
import { givenMounts } from "./given-mounts.ts";
import { secondsLeft } from "./spec.ts";

/** The files that the chain reads over descriptors, in the order of their numbers. */
const INPUTS = { arguments: 0, seccomp: 1, bootstrap: 2, ownFiles: 3 } as const;
const descriptor = (index: number): number => FIRST_INPUT_FD + index;

/** What bwrap is told in its --args file. */
export function sandboxOptions(local: LocalContext, { preparation, folder, spec }: Draft): string[] {
  const ownFiles = Object.keys(preparation.ownFiles.files);
  return profileArguments(
    preparation.hostRoot,
    {
      ...preparation,
      workspace: folder.workspace,
      home: folder.home,
      checks: folder.checks,
      door: local.doorDir,
      given: givenMounts(spec, folder),
    },
    {
      status: STATUS_FD,
      seccomp: descriptor(INPUTS.seccomp),
      bootstrap: descriptor(INPUTS.bootstrap),
      files: Object.fromEntries(ownFiles.map((path, index) => [path, descriptor(INPUTS.ownFiles + index)])),
    },
    spec.resources.tmpBytes,
  );
}

export function planLaunch(draft: Draft, uid: number | null, now: number): Launch {
  const { spec, folder, record, preparation } = draft;
  const { tools, hostRoot, ownFiles, inherited, cgroups } = preparation;
  const { control } = folder;
  const command = chainCommand({
    tools,
    marker: record.marker,
    controlDir: control.root,
    joins: cgroups === null ? [] : joinFiles(cgroups, cgroupName(record.installId, folder)),
    uid,
    secondsLeft: secondsLeft(spec, now),
    argumentsFd: descriptor(INPUTS.arguments),
    command: insideCommand(tools.prlimit, hostRoot, spec.resources),
  });
  const inputs = [control.arguments, ownFiles.seccomp, control.bootstrap, ...Object.values(ownFiles.files)];
  return { command, consolePath: control.console, statusPath: control.status, inputs, inherited };
}
