/**
 * Claude Code wraps what it tells the model by itself in reminders, and puts there, too, what a person says
 * while a turn runs. Seen with 2.1.329; research by recording its requests.
 */
const REMINDER = { open: "<system-reminder>", close: "</system-reminder>" };
const STEERING = "The user sent a new message while you were working:\n";
const AFTER_STEERING = ["\n\nThis is how Claude Code surfaces", "\n\nIMPORTANT: "];

/** Texts in the user's or the model's place that neither of them wrote. */
const ENGINE_NOTES = [
  "[Request interrupted by user",
  "<local-command-",
  "<command-name>",
  "<task-notification>",
  "Output token limit hit.",
  "Your response above was stopped by a safety classifier",
  "[Your previous response had no visible output",
  "# Environment\n",
  "USD budget: ",
  "Token usage: ",
];
const CUT_OFF = "Your response above was cut off mid-stream.";
const SYNTHETIC_ANSWERS = ["API Error", "No response requested."];
const SUMMARY_ORDER = "Your task is to create a detailed summary of the conversation so far";

export interface TaggedText {
  /** Without the reminders. */
  said: string;
  reminders: readonly string[];
  steering: readonly string[];
}

export function splitReminders(text: string): TaggedText {
  const reminders: string[] = [];
  let said = "";
  let from = 0;
  for (;;) {
    const open = text.indexOf(REMINDER.open, from);
    const close = open === -1 ? -1 : text.indexOf(REMINDER.close, open);
    if (close === -1) break;
    said += text.slice(from, open);
    reminders.push(text.slice(open + REMINDER.open.length, close).trim());
    from = close + REMINDER.close.length;
  }
  said = (said + text.slice(from)).trim();
  return { said, reminders, steering: reminders.flatMap((reminder) => steeringIn(reminder)) };
}

export function isFromPerson(said: string): boolean {
  return said !== "" && !ENGINE_NOTES.some((note) => said.startsWith(note));
}

export function saysCutOff(said: string): boolean {
  return said.startsWith(CUT_OFF);
}

export function isSynthetic(answer: string): boolean {
  return SYNTHETIC_ANSWERS.some((text) => answer.startsWith(text));
}

export function asksForSummary(said: string): boolean {
  return said.includes(SUMMARY_ORDER);
}

/** The last one said wins: a resumed session may have moved. */
export function workingDirectoryIn(texts: readonly string[]): string | undefined {
  return texts
    .flatMap((text) => text.split("\n"))
    .map((line) => /^[\s-]*(?:primary )?working directory: *(\/\S.*)$/i.exec(line)?.[1]?.trim())
    .findLast((path) => path !== undefined);
}

function steeringIn(reminder: string): string[] {
  if (!reminder.startsWith(STEERING)) return [];
  const ends = AFTER_STEERING.map((text) => reminder.lastIndexOf(text)).filter((at) => at !== -1);
  return [reminder.slice(STEERING.length, ends.length === 0 ? undefined : Math.min(...ends)).trim()];
}
