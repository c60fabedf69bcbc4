import { choiceOption, countOption, textOption } from "../parse/values.ts";
import { command, flag, value } from "../program/command.ts";
import { api, terms, unlessGiven } from "./options.ts";

const group = "Work that is kept";
const task = {
  arity: "one",
  describe: "Id, the beginning of one, a name, or @last.",
  completes: "task",
} as const;
const ACTIONS = ["ls", "get", "open"] as const;

const resume = command({
  name: "resume",
  group,
  summary: "Go on from a task's files and memory, or end its pause.",
  args: {
    task,
    instruction: { arity: "any", describe: "What to do next; without it a paused task goes on." },
  },
  options: {
    fork: flag("Leave the first session as it is and begin one of its own."),
    from: value("N", "Checkpoint to go back to; the newest when not given.", countOption(1, 999_999_999)),
    timeout: unlessGiven(terms.timeout, "as before"),
    budget: unlessGiven(terms.budget, "as before"),
    deliver: unlessGiven(terms.deliver, "as before"),
    pr: unlessGiven(terms.pr, "as before"),
    check: unlessGiven(terms.check, "as before"),
    detach: flag("Print the id and do not watch.", "-d"),
    ...api,
  },
  examples: [
    "agency resume @last",
    'agency resume @last "now add the tests"',
    'agency resume @last --timeout 2h "go on"',
    'agency resume @last --from 2 --fork "try it without the cache"',
  ],
  run: async (session, { args, options }) =>
    (await import("../flows/resume.ts")).resume(session, args.task, args.instruction, options),
});

const checkpoints = command({
  name: "checkpoints",
  group,
  summary: "List the places a task can be taken up again.",
  args: { task },
  options: api,
  run: async (session, { args }) => (await import("../flows/checkpoints.ts")).checkpoints(session, args.task),
});

const checkpoint = command({
  name: "checkpoint",
  group,
  summary: "Save the files and the memory of a running task now.",
  args: { task },
  options: { label: value("TEXT", "What to call it.", textOption), ...api },
  run: async (session, { args, options }) =>
    (await import("../flows/checkpoints.ts")).takeCheckpoint(session, args.task, options.label),
});

const artifacts = command({
  name: "artifacts",
  group,
  summary: "List, download or open what a task left.",
  args: {
    task,
    action: { arity: "optional", describe: "ls, get or open; ls when not given.", completes: ACTIONS },
    names: { arity: "any", describe: "Names, kinds or ids; get takes all when none is given." },
  },
  options: {
    output: value("DIR", "Folder to put them into; this one when not given.", textOption, { short: "-o" }),
    force: flag("Replace files that are not the same."),
    ...api,
  },
  examples: [
    "agency artifacts @last",
    "agency artifacts @last get -o results",
    "agency artifacts @last get patch",
  ],
  run: async (session, { args, options }) => {
    const action = choiceOption(ACTIONS)(args.action ?? "ls", "The action");
    return (await import("../flows/artifacts.ts")).artifacts(session, args.task, action, args.names, options);
  },
});

const files = command({
  name: "files",
  group,
  summary: "List a task's stored files, or print one of them.",
  args: { task, path: { arity: "optional", describe: "A file to print, or a folder/ to list." } },
  options: {
    from: value(
      "N",
      "Checkpoint to look into; what the task left at its end when not given.",
      countOption(1, 999_999_999),
    ),
    ...api,
  },
  examples: [
    "agency files @last src/",
    "agency files @last src/main.ts > main.ts",
    "agency files @last --from 2",
  ],
  run: async (session, { args, options }) =>
    (await import("../flows/files.ts")).files(session, args.task, args.path, options),
});

const diff = command({
  name: "diff",
  group,
  summary: "Show what a task changed.",
  args: { task },
  options: { stat: flag("Only the names, with lines added and removed."), ...api },
  examples: ["agency diff @last", "agency diff @last | git apply"],
  run: async (session, { args, options }) =>
    (await import("../flows/diff.ts")).diff(session, args.task, options.stat),
});

const apply = command({
  name: "apply",
  group,
  summary: "Bring a task's work into this folder; your own changes are not lost.",
  args: { task },
  options: {
    dryRun: flag("Only say what would change."),
    session: flag("Also bring its memory, so that `claude --resume` goes on here."),
    from: value(
      "N",
      "Checkpoint whose memory to bring; the newest when not given.",
      countOption(1, 999_999_999),
    ),
    force: flag("Merge into files changed here; outside of git, replace them."),
    ...api,
  },
  examples: ["agency apply @last --dry-run", "agency apply @last --session"],
  run: async (session, { args, options }) =>
    (await import("../flows/apply.ts")).apply(session, args.task, options),
});

export const workCommands = [resume, checkpoints, checkpoint, artifacts, files, diff, apply];
