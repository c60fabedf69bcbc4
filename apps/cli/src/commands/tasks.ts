import {
  choiceOption,
  choicesOption,
  countOption,
  moneyOption,
  pairOption,
  repositoryOption,
  repositoryOrHere,
  textOption,
} from "../parse/values.ts";
import { durationOption, sinceOption } from "../parse/duration.ts";
import { command, flag, list, value } from "../program/command.ts";
import { api, terms } from "./options.ts";

const group = "Tasks";
const task = { describe: "Id, the beginning of one, a name, or @last.", completes: "task" } as const;
/** In the order they are lived; the contract's own list would take its schemas along into every `--help`. */
const STATES = [
  "scheduled",
  "queued",
  "starting",
  "running",
  "waiting",
  "finishing",
  "completed",
  "failed",
  "cancelled",
] as const;

const COMMITS = ["squash", "keep"] as const;

const run = command({
  name: "run",
  group,
  summary: "Run an agent on a piece of work and watch it.",
  args: { prompt: { arity: "any", describe: "What the agent should do; - reads it from stdin." } },
  options: {
    engine: value("NAME", "Agent program: claude or command.", textOption, {
      short: "-e",
      choices: ["claude", "command"],
    }),
    model: value("NAME", "Model of the engine.", textOption, { short: "-m" }),
    provider: value("NAME", "Where to run: local.", textOption, { short: "-p", choices: ["local"] }),
    repo: value("REPO", "Repository: owner/name, an address, or . for this folder's.", repositoryOrHere, {
      short: "-r",
    }),
    branch: value("NAME", "Branch to start from.", textOption, { short: "-b" }),
    name: value("TEXT", "Name to find the task by.", textOption, { short: "-n" }),
    timeout: terms.timeout,
    budget: terms.budget,
    treeBudget: value("USD", "Most money for this task and all below it together.", moneyOption),
    onBudget: value("WAY", "At the budget: wait for more, or stop.", choiceOption(["wait", "stop"]), {
      choices: ["wait", "stop"],
    }),
    onUsageLimit: value(
      "WAY",
      "At a model account's limit: next credential, wait, or stop.",
      choiceOption(["next", "wait", "stop"]),
      { choices: ["next", "wait", "stop"] },
    ),
    network: value("POLICY", "What the agent may reach: internet, none, or allow:HOSTS,LISTS.", textOption, {
      choices: ["internet", "none", "allow:dev"],
    }),
    allowInternalNetwork: flag("Open private networks to the agent; goes into the audit log."),
    also: list("REPO", "Further repository it may read; may be repeated.", repositoryOption),
    pushBranch: value("NAME", "Branch it may push beside its own agency/….", textOption),
    approve: value(
      "WHAT",
      "Ask before tool calls: none, commands, or all.",
      choiceOption(["none", "commands", "all"]),
      { choices: ["none", "commands", "all"] },
    ),
    allowCommand: list("PATTERN", "Only such commands, as 'npm *'; may be repeated.", textOption),
    denyCommand: list("PATTERN", "Never such commands, as 'git push *'; may be repeated.", textOption),
    noQuestions: flag("The agent must not stop to ask."),
    project: value("NAME", "Whose secrets to use before the account's.", textOption),
    secret: list("NAME", "Secret for this task alone, from the variable of that name.", textOption),
    demo: flag("Use the scripted model that comes with Agency: no account needed."),
    command: value("SHELL", "Run a command of your own as the agent.", textOption, { short: "-c" }),
    promptFile: value("FILE", "Read the prompt from a file.", textOption, { short: "-f" }),
    edit: flag("Write the prompt in your editor."),
    env: list("KEY=VALUE", "Plain setting for the agent; may be repeated. Not for secrets.", pairOption),
    label: list("KEY=VALUE", "Label to find the task by; may be repeated.", pairOption),
    priority: value("N", "Higher runs first, from -100 to 100.", countOption(-100, 100)),
    deliver: terms.deliver,
    commits: value("WAY", "Squash the work into one commit, or keep the agent's.", choiceOption(COMMITS), {
      choices: COMMITS,
    }),
    pr: terms.pr,
    check: terms.check,
    artifact: list("PATTERN", "Keep these files too, as 'dist/**'; may be repeated.", textOption),
    keep: value(
      "TIME",
      "Keep the sandbox for this long when the task is over, to look into.",
      durationOption,
    ),
    noShutdown: flag("Keep it until you release it, at most AGENCY_MAX_KEEP (7d)."),
    detach: flag("Print the id and do not watch.", "-d"),
    ...api,
  },
  examples: [
    'agency run --demo "write a small program with a test"',
    'agency run --repo owner/name --budget 2 --timeout 30m "fix the flaky test"',
    'agency run --repo . --deliver pr --check "npm test" "add a dark theme"',
    "git diff | agency run --detach -",
    'agency run --command "npm test"',
  ],
  run: async (session, { args, options }) =>
    (await import("../flows/run.ts")).run(session, args.prompt, options),
});

const ls = command({
  name: "ls",
  group,
  summary: "List tasks, the newest first.",
  args: {},
  options: {
    state: value("STATES", "Only these, with commas between them.", choicesOption(STATES), {
      short: "-s",
      choices: STATES,
    }),
    engine: value("NAME", "Only of this engine.", textOption),
    provider: value("NAME", "Only on this provider.", textOption),
    label: value("KEY=VALUE", "Only with this label.", pairOption),
    search: value("TEXT", "Only with this in name or prompt.", textOption),
    limit: value("N", "Most rows; 20 when not given.", countOption(1, 100_000), { short: "-n" }),
    ...api,
  },
  examples: ["agency ls --state running,waiting", "agency ls --label team=web --json"],
  run: async (session, { options }) => (await import("../flows/tasks.ts")).list(session, options),
});

const show = command({
  name: "show",
  group,
  summary: "Show everything about one task.",
  args: { task: { arity: "one", ...task } },
  options: api,
  run: async (session, { args }) => (await import("../flows/tasks.ts")).show(session, args.task),
});

const logs = command({
  name: "logs",
  group,
  summary: "Print the events of a task.",
  args: { task: { arity: "one", ...task } },
  options: {
    follow: flag("Go on as events happen, until the task ends.", "-f"),
    since: value("TIME", "Only newer ones: 10m, or 2026-01-31T12:00:00Z.", sinceOption),
    tail: value("N", "Only the last N.", countOption(0, 100_000_000)),
    ...api,
  },
  examples: ["agency logs -f @last", "agency logs --tail 100 --json @last"],
  run: async (session, { args, options }) =>
    (await import("../flows/logs.ts")).logs(session, args.task, options),
});

const tell = command({
  name: "tell",
  group,
  summary: "Say something to a running agent.",
  args: {
    task: { arity: "one", ...task },
    message: { arity: "some", describe: "What to say; - reads it from stdin." },
  },
  options: { nextTurn: flag("Wait until the agent has finished its turn."), ...api },
  examples: ['agency tell @last "use the existing helper instead"'],
  run: async (session, { args, options }) =>
    (await import("../flows/tasks.ts")).tell(session, args.task, args.message, options.nextTurn),
});

const stop = command({
  name: "stop",
  group,
  summary: "Stop tasks.",
  args: { tasks: { arity: "any", ...task } },
  options: {
    all: flag("Stop every task that is not over."),
    discard: flag("At once, and throw away what is not stored yet."),
    ...api,
  },
  run: async (session, { args, options }) =>
    (await import("../flows/tasks.ts")).stop(session, args.tasks, options),
});

const wait = command({
  name: "wait",
  group,
  summary:
    "Wait until tasks are over; the exit code tells how they ended (0 done, 1 failed, 6 not delivered).",
  args: { tasks: { arity: "some", ...task } },
  options: {
    timeout: value("TIME", "Give up after this long, with exit code 124.", durationOption, { short: "-t" }),
    ...api,
  },
  examples: ["agency wait @last && echo done"],
  run: async (session, { args, options }) =>
    (await import("../flows/wait.ts")).wait(session, args.tasks, options.timeout),
});

const remove = command({
  name: "delete",
  group,
  summary: "Delete tasks that are over with all that was kept of them; what they cost stays on record.",
  args: { tasks: { arity: "some", ...task } },
  options: { yes: flag("Delete them; without it only say what would go.", "-y"), ...api },
  examples: ["agency delete @last --yes"],
  run: async (session, { args, options }) =>
    (await import("../flows/tasks.ts")).remove(session, args.tasks, options.yes),
});

export const taskCommands = [run, ls, show, logs, tell, stop, wait, remove];
