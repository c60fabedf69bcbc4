import { setTimeout as sleepFor } from "node:timers/promises";
import { listen } from "./listen.ts";
import type { Listening } from "./listen.ts";
import { createLatches } from "./play/latches.ts";
import { createPlayer } from "./play/player.ts";
import type { Sleep } from "./play/player.ts";
import { createRecorder } from "./play/recorder.ts";
import { isScriptName } from "./scripts/opening.ts";
import type { RecordedRequest } from "./scripts/request.ts";
import type { ScriptSource, Step } from "./scripts/script.ts";
import { createModelApi } from "./wire/model-api.ts";

export interface ScriptedModelOptions {
  /** By name; a user message picks one with the marker `[[s:NAME]]`. Names are letters, digits and hyphens. */
  scripts: Readonly<Record<string, ScriptSource>>;
  /** Plays for conversations without a marker. */
  defaultScript?: string;
  /** Answers what no script does. Without it, or when it returns undefined: an error, and a problem. */
  onUnmatched?: (request: RecordedRequest) => Step | undefined;
  /** Types at the pace a script asks for, so that a person can watch. Off: as fast as it goes. */
  paced?: boolean;
  sleep?: Sleep;
  /** When set, callers with another key get 401. Several make a pool. */
  apiKey?: string | readonly string[];
  /** Keeps the decoded body of each request, to look for what must not be in it. */
  keepBodies?: boolean;
  /** How many requests and problems are kept. */
  keep?: number;
  maxBodyBytes?: number;
}

export interface ScriptedModel {
  /** Like `fetch`: rejects only when the request's signal is aborted. To be mounted in a process of one's own. */
  readonly handle: (request: Request) => Promise<Response>;
  listen(options?: { port?: number; host?: string }): Promise<Listening>;
  /** Newest last; side requests included. */
  readonly requests: readonly RecordedRequest[];
  /** Resolves once the engine has asked for this step: its index in the script, its name, or `after`. */
  reached(script: string, step: number | string): Promise<void>;
  /** Lets every answer go that waits, or will wait, on this gate. */
  open(gate: string): void;
  problems(): readonly string[];
  /** Throws with every problem: unknown paths, requests no script answers, failed expectations. */
  assertClean(): void;
  /** Throws unless the last step of the script was asked for. */
  assertPlayedOut(script: string): void;
}

const KEEP = 1000;
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export function createScriptedModel(options: ScriptedModelOptions): ScriptedModel {
  const scripts = checkedScripts(options);
  const gates = createLatches();
  const reached = createLatches();
  const recorder = createRecorder(options.keep ?? KEEP);
  const sleep: Sleep = options.sleep ?? ((ms, signal) => sleepFor(ms, undefined, { signal }));
  const { defaultScript, onUnmatched, paced = false, keepBodies = false } = options;
  const player = createPlayer({
    scripts,
    defaultScript,
    onUnmatched,
    paced,
    sleep,
    gates,
    reached,
    recorder,
  });
  const maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
  const apiKeys = options.apiKey === undefined ? undefined : [options.apiKey].flat();
  const handle = createModelApi({ player, recorder, gates, sleep, apiKeys, keepBodies, maxBodyBytes });
  return {
    handle,
    listen: ({ port = 0, host = "127.0.0.1" } = {}) => listen(handle, { port, host }),
    requests: recorder.requests,
    reached: (script, step) => reached.wait(`${script} ${step}`),
    open: (gate) => gates.open(gate),
    problems: () => recorder.problems,
    assertClean: () => {
      if (recorder.problems.length > 0)
        throw new Error(`The scripted model saw problems:\n${recorder.problems.join("\n")}`);
    },
    assertPlayedOut: (script) => {
      if (!player.hasPlayedOut(script)) throw new Error(`The script "${script}" was not played to its end.`);
    },
  };
}

function checkedScripts(options: ScriptedModelOptions): ReadonlyMap<string, ScriptSource> {
  const scripts = new Map(Object.entries(options.scripts));
  for (const name of scripts.keys())
    if (!isScriptName(name))
      throw new Error(`Script name "${name}": use 1 to 64 letters, digits and hyphens.`);
  if (options.defaultScript !== undefined && !scripts.has(options.defaultScript))
    throw new Error(`The default script "${options.defaultScript}" is not among the scripts.`);
  return scripts;
}
