import { choiceOption, pairOption, textOption } from "../parse/values.ts";
import { command, flag, list, value } from "../program/command.ts";
import { api, terms, unlessGiven } from "./options.ts";

const group = "Work that is kept";

/** What binds any task; the rest of `run` is for work that starts from nothing. */
const bounds = {
  model: value("NAME", "Model of the engine.", textOption, { short: "-m" }),
  provider: value("NAME", "Where to run: local.", textOption, { short: "-p", choices: ["local"] }),
  name: value("TEXT", "Name to find the task by.", textOption, { short: "-n" }),
  timeout: terms.timeout,
  budget: terms.budget,
  network: value("POLICY", "What the agent may reach: internet, none, or allow:HOSTS,LISTS.", textOption, {
    choices: ["internet", "none", "allow:dev"],
  }),
  project: value("NAME", "Whose secrets to use before the account's.", textOption),
  label: list("KEY=VALUE", "Label to find the task by; may be repeated.", pairOption),
  demo: flag("Use the scripted model that comes with Agency: no account needed."),
  detach: flag("Print the id and do not watch.", "-d"),
};

/** What `run` has beside them, left as it is. */
const REST = {
  treeBudget: undefined,
  allowInternalNetwork: false,
  also: [],
  pushBranch: undefined,
  approve: undefined,
  allowCommand: [],
  denyCommand: [],
  noQuestions: false,
  onBudget: undefined,
  onUsageLimit: undefined,
  env: [],
  priority: undefined,
  commits: undefined,
  keep: undefined,
  noShutdown: false,
  check: [],
  artifact: [],
};

const pushSession = command({
  name: "push-session",
  group,
  summary: "Hand this folder and your Claude session over to a task.",
  args: { instruction: { arity: "any", describe: "What to do next; - reads it from stdin." } },
  options: {
    session: value(
      "ID",
      "Claude session to hand over; the newest of this folder when not given.",
      textOption,
    ),
    noSession: flag("Only the files: the agent begins anew."),
    include: list("PATH", "File to send although it looks like a secret; may be repeated.", textOption),
    whole: flag("Send all of the history instead of building on the remote called origin."),
    dryRun: flag("Only say what would be sent."),
    ...bounds,
    approve: value(
      "WHAT",
      "Ask before tool calls: none, commands, or all.",
      choiceOption(["none", "commands", "all"]),
      { choices: ["none", "commands", "all"] },
    ),
    deliver: unlessGiven(terms.deliver, "files"),
    check: terms.check,
    artifact: list("PATTERN", "Keep these files too, as 'dist/**'; may be repeated.", textOption),
    env: list("KEY=VALUE", "Plain setting for the agent; may be repeated. Not for secrets.", pairOption),
    secret: list("NAME", "Secret for this task alone, from the variable of that name.", textOption),
    ...api,
  },
  examples: [
    "agency push-session",
    'agency push-session "now make the tests pass"',
    "agency push-session --dry-run --no-session -",
  ],
  run: async (session, { args, options }) =>
    (await import("../flows/push-session.ts")).pushSession(session, args.instruction, {
      ...REST,
      ...options,
    }),
});

const review = command({
  name: "review",
  group,
  summary: "Review a pull request, and post what was found as one review.",
  args: { pull: { arity: "one", describe: "owner/name#12, or the address of the pull request." } },
  options: {
    focus: value("TEXT", "What to look at; everything when not given.", textOption),
    noPost: flag("Show the review here instead of posting it."),
    ...bounds,
    ...api,
  },
  examples: ["agency review owner/name#12", 'agency review owner/name#12 --no-post --focus "locking"'],
  run: async (session, { args, options }) =>
    (await import("../flows/review.ts")).review(session, args.pull, { ...REST, ...options }),
});

export const handOffCommands = [pushSession, review];
