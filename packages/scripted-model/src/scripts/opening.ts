import type { Entry } from "./request.ts";

/** The user message that started the script which is now playing. */
export interface Opening {
  script: string;
  prompt: string;
  /** 0, or where a shortened history is to be picked up. */
  firstStep: number;
  /** Where the conversation after it begins. */
  entriesFrom: number;
}

const SCRIPT_NAME = /^[A-Za-z0-9-]{1,64}$/;
const MARKER = /\[\[s:([A-Za-z0-9-]{1,64})(?:@(\d{1,6}))?\]\]/g;
const TASK = { open: "<task>", close: "</task>" };

export function isScriptName(name: string): boolean {
  return SCRIPT_NAME.test(name);
}

interface Marker {
  script: string;
  firstStep: number;
  isResumeNote: boolean;
}

/** The newest `[[s:NAME]]` that a known script answers to, else the fallback from the first user message on. */
export function findOpening(
  entries: readonly Entry[],
  isKnown: (script: string) => boolean,
  fallback: string | undefined,
): Opening | undefined {
  for (const [index, entry] of [...entries.entries()].toReversed()) {
    const marker = entry.kind === "user" ? lastMarker(entry.text) : undefined;
    if (entry.kind !== "user" || marker === undefined) continue;
    if (!isKnown(marker.script) && fallback !== undefined) continue;
    const { script, firstStep, isResumeNote } = marker;
    return { script, firstStep, prompt: promptOf(entry.text, isResumeNote), entriesFrom: index + 1 };
  }
  const first = entries.findIndex((entry) => entry.kind === "user");
  const entry = entries[first];
  if (fallback === undefined || entry?.kind !== "user") return undefined;
  return { script: fallback, prompt: promptOf(entry.text, false), firstStep: 0, entriesFrom: first + 1 };
}

/** What an engine that shortens its history is given to keep: enough to find the way back to the same step. */
export function resumeNote(script: string, step: number, prompt: string): string {
  return `[[s:${script}@${step}]] ${TASK.open}${prompt}${TASK.close}`;
}

function lastMarker(text: string): Marker | undefined {
  const match = [...text.matchAll(MARKER)].at(-1);
  if (match?.[1] === undefined) return undefined;
  return { script: match[1], firstStep: Number(match[2] ?? 0), isResumeNote: match[2] !== undefined };
}

function promptOf(text: string, isResumeNote: boolean): string {
  const from = text.indexOf(TASK.open);
  const to = text.lastIndexOf(TASK.close);
  if (isResumeNote && from !== -1 && to > from) return text.slice(from + TASK.open.length, to);
  return text.replaceAll(MARKER, "").trim();
}
