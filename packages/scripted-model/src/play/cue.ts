import { findOpening, resumeNote } from "../scripts/opening.ts";
import type { Opening } from "../scripts/opening.ts";
import { findPosition } from "../scripts/position.ts";
import type { Position } from "../scripts/position.ts";
import type { ModelRequest, RecordedRequest } from "../scripts/request.ts";
import type { Script, ScriptSource, Step } from "../scripts/script.ts";

export interface Repertoire {
  scripts: ReadonlyMap<string, ScriptSource>;
  defaultScript: string | undefined;
  onUnmatched: ((request: RecordedRequest) => Step | undefined) | undefined;
}

/** The step that a request asks for. */
export interface Cue {
  name: string;
  script: Script;
  position: Position;
  step: Step;
}

/** The step to play now, or a sentence saying why nothing can be. */
export function findCue(
  repertoire: Repertoire,
  request: ModelRequest,
  record: RecordedRequest,
): Cue | string {
  const opening = openingOf(repertoire, request);
  const source = opening === undefined ? undefined : repertoire.scripts.get(opening.script);
  if (opening === undefined || source === undefined) return unmatched(repertoire, opening, record);
  try {
    const script = scriptFor(source, opening);
    const position = findPosition(script, opening, request.entries);
    if (position.source === undefined) return overrun(opening, script);
    const { results, last } = position;
    const moment = { prompt: opening.prompt, cwd: request.cwd, results, last };
    const step = typeof position.source === "function" ? position.source(moment) : position.source;
    return { name: opening.script, script, position, step };
  } catch (error) {
    return `The script "${opening.script}" threw: ${messageOf(error)}`;
  }
}

/** What a history that is about to be shortened must keep. */
export function noteToKeep(repertoire: Repertoire, request: ModelRequest): string {
  const opening = openingOf(repertoire, request);
  const source = opening === undefined ? undefined : repertoire.scripts.get(opening.script);
  if (opening === undefined || source === undefined) return "Nothing was going on.";
  const { place } = findPosition(scriptFor(source, opening), opening, request.entries);
  return resumeNote(opening.script, place.step, opening.prompt);
}

function openingOf(repertoire: Repertoire, request: ModelRequest): Opening | undefined {
  return findOpening(request.entries, (name) => repertoire.scripts.has(name), repertoire.defaultScript);
}

function scriptFor(source: ScriptSource, opening: Opening): Script {
  return typeof source === "function" ? source(opening.prompt) : source;
}

function unmatched(
  repertoire: Repertoire,
  opening: Opening | undefined,
  record: RecordedRequest,
): Cue | string {
  const step = repertoire.onUnmatched?.(record);
  if (step === undefined) {
    return opening === undefined
      ? "No script for this request: its user messages hold no [[s:NAME]] marker and there is no default script."
      : `No script is named "${opening.script}", which the newest [[s:NAME]] marker asks for.`;
  }
  const position = {
    place: { step: 0 },
    source: step,
    isOver: false,
    say: [],
    newTexts: [],
    results: [],
    last: [],
  };
  return { name: "unmatched", script: { steps: [step] }, position, step };
}

function overrun(opening: Opening, script: Script): string {
  return `The script "${opening.script}" is over after ${script.steps.length} steps, yet the engine asked again. Add a step or \`after\`.`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
