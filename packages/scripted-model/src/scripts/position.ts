import { placeOfCall } from "./place.ts";
import type { Place } from "./place.ts";
import type { Opening } from "./opening.ts";
import type { Entry, ToolResult } from "./request.ts";
import type { Detour, Script, StepSource } from "./script.ts";

export interface Position {
  place: Place;
  /** What is played there; the script's `after` when it is over, if it has one. */
  source: StepSource | undefined;
  isOver: boolean;
  /** Said in front of it. */
  say: readonly string[];
  newTexts: readonly string[];
  results: readonly ToolResult[];
  last: readonly ToolResult[];
}

interface Track {
  next: number;
  detour: { steps: readonly StepSource[]; played: number } | undefined;
  waiting: readonly (readonly StepSource[])[];
  say: readonly string[];
  newTexts: readonly string[];
  isInDetour: boolean;
  /** Kept apart, so that a detour between a step and the next does not hide what the step brought. */
  lastOfScript: readonly ToolResult[];
  lastOfDetour: readonly ToolResult[];
}

const START: Omit<Track, "next"> = {
  detour: undefined,
  waiting: [],
  say: [],
  newTexts: [],
  isInDetour: false,
  lastOfScript: [],
  lastOfDetour: [],
};

/**
 * Plays the script against the conversation to learn which step comes next. Ids we made say exactly which step an
 * answer was; an answer of text alone carries no id and counts as the step that was due.
 */
export function findPosition(script: Script, opening: Opening, entries: readonly Entry[]): Position {
  const since = entries.slice(opening.entriesFrom);
  const track = since.reduce(follow(script, opening.script), trackFrom(opening.firstStep)).now;
  const due = placeDue(track);
  const steps = track.detour?.steps ?? track.waiting[0];
  const source = due.detour === undefined ? script.steps[due.step] : steps?.[due.detour];
  return {
    place: due,
    source: source ?? script.after,
    isOver: source === undefined,
    say: track.say,
    newTexts: track.newTexts,
    results: since.flatMap((entry) => (entry.kind === "results" ? entry.results : [])),
    last: (due.detour ?? 0) > 0 ? track.lastOfDetour : track.lastOfScript,
  };
}

interface Followed {
  now: Track;
  /** Where we were when the latest entry was an answer and before it: it may turn out not to have arrived whole. */
  beforeAnswer: Track | undefined;
}

function trackFrom(firstStep: number): Followed {
  return { now: { ...START, next: firstStep }, beforeAnswer: undefined };
}

function follow(script: Script, name: string): (followed: Followed, entry: Entry) => Followed {
  return ({ now, beforeAnswer }, entry) => {
    switch (entry.kind) {
      case "user":
        return { now: hear(now, script, entry.text), beforeAnswer: undefined };
      case "results":
        return { now: takeResults(now, entry.results), beforeAnswer: undefined };
      case "assistant":
        return { now: pass(now, name, entry.callIds), beforeAnswer: now };
      case "cut-off":
        return { now: beforeAnswer ?? now, beforeAnswer: undefined };
    }
  };
}

function hear(track: Track, script: Script, text: string): Track {
  const { say, play = [], ends = false } = firstDetour(script, text);
  return {
    ...track,
    newTexts: [...track.newTexts, text],
    say: say === undefined ? track.say : [...track.say, say],
    waiting: play.length === 0 ? track.waiting : [...track.waiting, play],
    next: ends ? Math.max(track.next, script.steps.length) : track.next,
  };
}

function firstDetour(script: Script, text: string): Detour {
  for (const reaction of script.react ?? []) {
    const detour = reaction(text);
    if (detour !== undefined) return detour;
  }
  return {};
}

function pass(track: Track, script: string, callIds: readonly string[]): Track {
  const known = callIds.map((id) => placeOfCall(id, script)).find((place) => place !== undefined);
  const place = known ?? placeDue(track);
  const heard = { ...track, say: [], newTexts: [], isInDetour: place.detour !== undefined };
  if (place.detour === undefined)
    return { ...heard, next: place.step + 1, detour: undefined, lastOfScript: [] };
  const [first, ...later] = track.waiting;
  const steps = track.detour?.steps ?? first ?? [];
  const played = place.detour + 1;
  return {
    ...heard,
    next: place.step,
    waiting: track.detour === undefined ? later : track.waiting,
    detour: played < steps.length ? { steps, played } : undefined,
    lastOfDetour: [],
  };
}

function takeResults(track: Track, results: readonly ToolResult[]): Track {
  return track.isInDetour ? { ...track, lastOfDetour: results } : { ...track, lastOfScript: results };
}

function placeDue(track: Track): Place {
  if (track.detour !== undefined) return { step: track.next, detour: track.detour.played };
  return track.waiting.length > 0 ? { step: track.next, detour: 0 } : { step: track.next };
}
