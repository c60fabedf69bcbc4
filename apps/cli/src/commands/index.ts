import type { Command } from "../program/command.ts";
import { accessCommands } from "./access.ts";
import { accountCommands } from "./account.ts";
import { sandboxCommands } from "./sandbox.ts";
import { handOffCommands } from "./hand-off.ts";
import { serverCommands } from "./server.ts";
import { completeCommand, shellCommands } from "./shell.ts";
import { taskCommands } from "./tasks.ts";
import { waitingCommands } from "./waiting.ts";
import { workCommands } from "./work.ts";

export const commands: readonly Command[] = [
  ...taskCommands,
  ...waitingCommands,
  ...workCommands,
  ...handOffCommands,
  ...sandboxCommands,
  ...accountCommands,
  ...accessCommands,
  ...serverCommands,
  ...shellCommands,
  completeCommand(() => commands),
];
