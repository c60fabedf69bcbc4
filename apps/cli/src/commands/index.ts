import type { Command } from "../program/command.ts";
import { serverCommands } from "./server.ts";
import { completeCommand, shellCommands } from "./shell.ts";
import { taskCommands } from "./tasks.ts";

export const commands: readonly Command[] = [
  ...taskCommands,
  ...serverCommands,
  ...shellCommands,
  completeCommand(() => commands),
];
