import { command, flag } from "../program/command.ts";
import { api } from "./options.ts";

const group = "Browsers and keys";

const open = command({
  name: "open",
  group,
  summary: "Make a link that signs a browser in, once; opens it on a desktop.",
  args: {},
  options: api,
  run: async (session) => (await import("../flows/server.ts")).open(session),
});

const pair = command({
  name: "pair",
  group,
  summary: "Let a device in that shows a pairing code.",
  args: { code: { arity: "one", describe: "The code it shows." } },
  options: {
    yes: flag("Let it in; without it only say who asks.", "-y"),
    refuse: flag("Send it away."),
    ...api,
  },
  examples: ["agency pair ABCD-EFGH", "agency pair ABCD-EFGH --yes"],
  run: async (session, { args, options }) =>
    (await import("../flows/access.ts")).pair(session, args.code, options),
});

const devices = command({
  name: "devices",
  group,
  summary: "List the browsers that are signed in, or sign one out.",
  args: {
    action: { arity: "optional", describe: "sign-out, to end one.", completes: ["sign-out"] },
    id: { arity: "optional", describe: "Which one." },
  },
  options: api,
  examples: ["agency devices", "agency devices sign-out ID"],
  run: async (session, { args }) =>
    (await import("../flows/access.ts")).devices(session, args.action, args.id),
});

const keys = command({
  name: "keys",
  group,
  summary: "List the API keys of programs, make or revoke one.",
  args: {
    action: { arity: "optional", describe: "create or revoke.", completes: ["create", "revoke"] },
    name: { arity: "optional", describe: "Name of the new one, or id of the one to revoke." },
  },
  options: api,
  examples: ["agency keys", "agency keys create ci", "agency keys revoke ID"],
  run: async (session, { args }) =>
    (await import("../flows/access.ts")).keys(session, args.action, args.name),
});

const password = command({
  name: "password",
  group,
  summary: "Set the password browsers may sign in with; none is set at first.",
  args: {},
  options: { remove: flag("No sign-in by password any more."), ...api },
  run: async (session, { options }) => (await import("../flows/access.ts")).password(session, options),
});

export const accessCommands = [open, pair, devices, keys, password];
