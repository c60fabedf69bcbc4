import { durationOption } from "../parse/duration.ts";
import {
  capOption,
  changeOption,
  countOption,
  moneyOption,
  numbersOption,
  textOption,
} from "../parse/values.ts";
import { command, flag, value } from "../program/command.ts";
import { api } from "./options.ts";

const group = "Tasks that wait";
const task = { describe: "Id, the beginning of one, a name, or @last.", completes: "task" } as const;

const pause = command({
  name: "pause",
  group,
  summary: "Let an agent end its step and wait; its time stands still.",
  args: { task: { arity: "one", ...task } },
  options: api,
  run: async (session, { args }) => (await import("../flows/waiting.ts")).pause(session, args.task),
});

const answer = command({
  name: "answer",
  group,
  summary: "Answer what an agent asks.",
  args: {
    task: { arity: "one", ...task },
    words: { arity: "any", describe: "The answer, or the reason for a no." },
  },
  options: {
    yes: flag("Allow what it wants to do.", "-y"),
    no: flag("Refuse it; further words are the reason."),
    choice: value("N", "Number of a choice, or several with commas between them.", numbersOption),
    ask: value("ID", "Which of several open ones.", textOption),
    ...api,
  },
  examples: [
    "agency answer @last --yes",
    'agency answer @last --no "use the staging host"',
    "agency answer @last --choice 2",
  ],
  run: async (session, { args, options }) =>
    (await import("../flows/answer.ts")).answer(session, args.task, args.words, options),
});

const limits = command({
  name: "limits",
  group,
  summary: "Show or change the limits of a task, also while it runs.",
  args: { task: { arity: "one", ...task } },
  options: {
    timeout: value("TIME", "Longest run: 4h, or +1h for an hour more.", changeOption(durationOption), {
      short: "-t",
    }),
    silence: value("TIME", "Longest time without a sign of life.", changeOption(durationOption)),
    turns: value("N", "Most model turns: 200, or +50.", changeOption(countOption(1, 100_000))),
    budget: value("USD", "Most money: 20, or +5.", changeOption(moneyOption)),
    treeBudget: value("USD", "Most money with all tasks below it.", changeOption(moneyOption)),
    ...api,
  },
  examples: ["agency limits @last --timeout +1h", "agency limits @last --turns 200 --budget +5"],
  run: async (session, { args, options }) =>
    (await import("../flows/waiting.ts")).limits(session, args.task, options),
});

const budget = command({
  name: "budget",
  group,
  summary: "Show or change what a task, or the account, may spend.",
  args: {
    task: { arity: "optional", ...task },
    amount: { arity: "optional", describe: "+5 for five dollars more, 20 for twenty in all." },
  },
  options: {
    day: value("USD", "Cap of the account for a day, or none.", capOption),
    month: value("USD", "Cap of the account for a month, or none.", capOption),
    ...api,
  },
  examples: ["agency budget @last +5", "agency budget --day 50 --month none", "agency budget"],
  run: async (session, { args, options }) => {
    const change =
      args.amount === undefined ? undefined : changeOption(moneyOption)(args.amount, "The amount");
    const flow = await import("../flows/waiting.ts");
    return flow.budget(session, args.task, args.amount, change, options);
  },
});

export const waitingCommands = [pause, answer, limits, budget];
