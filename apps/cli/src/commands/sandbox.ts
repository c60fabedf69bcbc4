import { durationOption } from "../parse/duration.ts";
import { changeOption, textOption } from "../parse/values.ts";
import { command, value } from "../program/command.ts";
import { api } from "./options.ts";

const group = "Sandboxes";
const task = {
  arity: "one",
  describe: "Id, the beginning of one, a name, or @last.",
  completes: "task",
} as const;

const shell = command({
  name: "shell",
  group,
  summary: "Open a terminal in a task's sandbox, while it runs or is kept. Do not trust what it shows.",
  args: { task },
  options: {
    command: value("CMD", "Run this instead of a shell; works with pipes.", textOption, { short: "-c" }),
    url: api.url,
  },
  examples: [
    "agency shell @last",
    "agency shell @last -c 'git log --oneline'",
    "agency shell @last -c 'cat dump' > dump",
  ],
  run: async (session, { args, options }) =>
    (await import("../flows/sandbox.ts")).shell(session, args.task, options.command),
});

const keep = command({
  name: "keep",
  group,
  summary: "Keep a task's sandbox when it is over, or longer than it is now.",
  args: { task, time: { arity: "one", describe: "2h from now, or +1h for an hour more." } },
  options: api,
  examples: ["agency keep @last 2h", "agency keep @last +1h"],
  run: async (session, { args }) => {
    const change = changeOption(durationOption)(args.time, "The time");
    return (await import("../flows/sandbox.ts")).keep(session, args.task, change);
  },
});

const release = command({
  name: "release",
  group,
  summary: "End a kept sandbox now; what was stored of it stays.",
  args: { task },
  options: api,
  run: async (session, { args }) => (await import("../flows/sandbox.ts")).release(session, args.task),
});

export const sandboxCommands = [shell, keep, release];
