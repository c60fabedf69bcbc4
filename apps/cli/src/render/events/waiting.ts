import type { AskBody, EventOf, Question } from "@agency/contract";
import { formatLimit, formatUsd } from "../numbers.ts";
import { joined, row, sentence } from "../row.ts";
import type { Look } from "../row.ts";
import { oneLine } from "../text.ts";
import type { Renderers, View } from "./view.ts";

type Waiting = "ask" | "answer" | "limits" | "compute" | "credential" | "network" | "git";

/** What a run waits for, what lets it go on, and what it was not let do. */
export const waitingRenderers: Renderers<Waiting> = {
  ask: ({ ask }, view) => [...renderAsk(ask, view.look), ...howToAnswer(ask, view)],
  answer: ({ answer }, view) => {
    const text =
      answer.kind === "question"
        ? answer.answers.map((given) => given.join(", ")).join(" / ")
        : answer.allow
          ? "yes"
          : joined("no", answer.reason);
    return sentence(view.look, { mark: "you", text, paint: view.look.style.cyan });
  },
  limits: ({ limits }, view) => {
    view.budgetUsd = limits.costUsd;
    const text = `Limits are now ${formatLimit(limits.wallMs)} and ${formatUsd(limits.costUsd)}.`;
    return [row(view.look, { mark: "limits", text, paint: view.look.style.dim })];
  },
  compute: ({ totalCostUsd }, view) => {
    view.costUsd = totalCostUsd;
    return [];
  },
  credential: ({ vendor, credential, limitedUntil, next }, view) => {
    const then = next === null ? "" : ` Going on with ${oneLine(next)}.`;
    const what = limitedUntil === null ? `was refused by ${oneLine(vendor)}` : "reached its usage limit";
    const text = `${oneLine(credential)} ${what}.${then}`;
    return sentence(view.look, {
      mark: limitedUntil === null ? "denied" : "limit",
      text,
      paint: view.look.style.yellow,
    });
  },
  git: ({ action, repository, refs = [], verdict, reason }, view) => {
    const { look } = view;
    if (verdict !== "allowed") {
      const text = joined(`${action} ${oneLine(repository)}`, reason);
      return sentence(look, { mark: verdict, text, paint: look.style.yellow });
    }
    if (action !== "push") return [];
    const pushed = refs.map((ref) => oneLine(ref).replace(/^refs\/heads\//, "")).join(", ");
    return [row(look, { mark: "push", text: pushed, meta: oneLine(repository), paint: look.style.green })];
  },
  network: (data, view) => {
    if (data.verdict === "allowed") return [];
    const where = `${oneLine(data.host)}:${data.port}`;
    const times = data.count > 1 ? ` (${data.count} times)` : "";
    const text = joined(where + times, data.reason);
    return sentence(view.look, { mark: data.verdict, text, paint: view.look.style.yellow });
  },
};

export function renderAsk(ask: AskBody, look: Look): string[] {
  const { yellow } = look.style;
  if (ask.kind === "approval") {
    const text = `May the agent use ${oneLine(ask.tool)}: ${oneLine(ask.title)}`;
    return sentence(look, { mark: "?", text, paint: yellow });
  }
  return ask.questions.flatMap((question) => renderQuestion(question, look));
}

function renderQuestion({ text, choices, multiple }: Question, look: Look): string[] {
  const several = multiple && choices.length > 0 ? " (more than one may be chosen)" : "";
  const asked = sentence(look, { mark: "?", text: text + several, paint: look.style.yellow });
  const listed = choices.flatMap(({ label, description }, index) =>
    sentence(look, { mark: "", text: joined(`${index + 1}. ${label}`, description) }),
  );
  return [...asked, ...listed];
}

function howToAnswer(ask: AskBody, { look, taskId }: View): string[] {
  const how = ask.kind === "approval" ? "--yes, or --no REASON" : choiceHint(ask);
  return [commandLine(look, `agency answer ${taskId} ${how}`)];
}

/** Never wrapped: what is to be copied must stay in one piece. */
function commandLine({ style }: Look, command: string): string {
  return style.dim(`         ${command}`);
}

function choiceHint({ questions }: Extract<AskBody, { kind: "question" }>): string {
  return questions.some(({ choices }) => choices.length > 0) ? "--choice N, or your own words" : '"…"';
}

/** The line for a wait that begins: why, until when, and what ends it; the message knows best which cap it was. */
export function waitLine(status: EventOf<"status">["data"], view: View, sentenceOfReason: string): string[] {
  const { look, taskId } = view;
  const parts = [sentenceOfReason];
  if (status.message !== undefined && status.reason !== "needs_input" && status.reason !== "needs_approval") {
    parts.push(oneLine(status.message));
  }
  if (status.until !== undefined) parts.push(`It goes on by itself at ${clockTime(status.until)}.`);
  const command = wayOn(status);
  return [
    ...sentence(look, { mark: "waits", text: parts.join(" "), paint: look.style.yellow }),
    ...(command === undefined ? [] : [commandLine(look, oneLine(command.replace("ID", taskId)))]),
  ];
}

/** Out of the words only where they are the server's own: those of an ask are the agent's. */
function wayOn({ reason, message = "" }: EventOf<"status">["data"]): string | undefined {
  const said = reason === "budget" ? /`(agency [^`]+)`/.exec(message)?.[1] : undefined;
  return said ?? WAYS_ON[reason ?? ""];
}

const WAYS_ON: Record<string, string> = {
  budget: "agency budget ID +5",
  paused_by_user: "agency resume ID",
};

function clockTime(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
}
