import { choiceOption, countOption, textOption } from "../parse/values.ts";
import { command, flag, value } from "../program/command.ts";
import { api } from "./options.ts";

const group = "Account";
const AUTH_TYPES = ["api_key", "oauth"] as const;
const authType = value(
  "TYPE",
  "What it is, when that is not told by its beginning.",
  choiceOption(AUTH_TYPES),
  {
    short: "-a",
    choices: AUTH_TYPES,
  },
);

const secrets = command({
  name: "secrets",
  group,
  summary: "Store, list or forget secrets. They never enter a sandbox.",
  args: {
    action: { arity: "one", describe: "set, ls, rm or rotate.", completes: ["set", "ls", "rm", "rotate"] },
    name: {
      arity: "optional",
      describe: "Such as ANTHROPIC_API_KEY, ANTHROPIC_API_KEY@work, GIT_TOKEN@git.example.com.",
      completes: ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "OPENAI_API_KEY", "GITHUB_TOKEN"],
    },
  },
  options: {
    project: value("NAME", "Only for tasks of this project.", textOption),
    authType,
    check: flag("Ask its vendor whether it works before it is stored."),
    ...api,
  },
  examples: [
    "agency secrets set GITHUB_TOKEN < token.txt",
    "agency secrets set ANTHROPIC_API_KEY@work --check",
    "agency secrets ls",
  ],
  run: async (session, { args, options }) =>
    (await import("../flows/secrets.ts")).secrets(session, args.action, args.name, options),
});

const login = command({
  name: "login",
  group,
  summary: "Store a credential for claude, openai or github, once it was seen to work.",
  args: {
    service: {
      arity: "one",
      describe: "claude, openai or github.",
      completes: ["claude", "openai", "github"],
    },
  },
  options: { authType, ...api },
  examples: ["agency login claude", "agency login claude --auth-type oauth < token.txt"],
  run: async (session, { args, options }) =>
    (await import("../flows/secrets.ts")).login(session, args.service, options.authType),
});

const audit = command({
  name: "audit",
  group,
  summary: "Show who changed what, the newest first.",
  args: {},
  options: {
    limit: value("N", "Most entries; 20 when not given.", countOption(1, 100_000), { short: "-n" }),
    ...api,
  },
  run: async (session, { options }) => (await import("../flows/audit.ts")).audit(session, options.limit),
});

const retention = command({
  name: "retention",
  group,
  summary: "Show or change how long what is kept after a task has ended.",
  args: {
    action: { arity: "optional", describe: "set, to change it.", completes: ["set"] },
    times: {
      arity: "any",
      describe: "Such as events=365d, artifacts=90d, checkpoints=forever.",
      completes: ["events=", "artifacts=", "checkpoints="],
    },
  },
  options: api,
  examples: [
    "agency retention",
    "agency retention set artifacts=30d checkpoints=7d",
    "agency retention set events=forever",
  ],
  run: async (session, { args }) =>
    (await import("../flows/retention.ts")).retention(session, args.action, args.times),
});

const network = command({
  name: "network",
  group,
  summary: "Show or change what runs may reach: lists of hosts, closed hosts, the default.",
  args: {
    action: {
      arity: "optional",
      describe: "set or rm (a list), close or open (hosts to every run), default (of new runs).",
      completes: ["set", "rm", "close", "open", "default"],
    },
    words: {
      arity: "any",
      describe:
        "NAME HOST… after set, NAME after rm, HOST… after close or open, a policy or unset after default.",
    },
  },
  options: api,
  examples: [
    "agency network",
    "agency network set ours git.example.com '*.docs.example.com:8443'",
    'agency run "fix the build" --network allow:dev,ours',
    "agency network close pastebin.com '*.pastebin.com'",
    "agency network default allow:dev,ours",
  ],
  run: async (session, { args }) =>
    (await import("../flows/network.ts")).network(session, args.action, args.words),
});

export const accountCommands = [secrets, login, audit, retention, network];
