import type { Moment } from "../held-proxy.ts";

/** Where a run stands still, so that what is killed is killed there and nowhere else. */
export type Place =
  /** The chain of the sandbox, before its runner has said a word. */
  | { readonly at: "start" }
  /** A request to the git host. */
  | { readonly at: "git"; readonly moment: Moment; readonly fits: RegExp }
  /** A request to the storage. */
  | {
      readonly at: "storage";
      readonly moment: Moment;
      readonly method: "GET" | "PUT";
      readonly type?: string;
      readonly turn?: 1 | 2;
    }
  /** A script of the repository, a command of the agent's or a check, by the name it is called with. */
  | { readonly at: "script"; readonly name: string }
  /** The model's answer to a call of the first task's script. */
  | { readonly at: "model"; readonly step: number; readonly half?: true; readonly paused?: true };

export interface Point {
  readonly sentence: string;
  readonly place: Place;
  /** Turns whose files and memory must be there afterwards, wherever the kill hit. */
  readonly kept: 0 | 1 | 2;
  /** The task goes on from another one that had ended, with both its turns. */
  readonly resumed?: true;
  readonly deliver?: "branch" | "files";
  readonly check?: true;
}

const CHECKPOINT = "application/x-tar";
const ARCHIVE = "application/zstd";

const model = (step: number, more: { half?: true; paused?: true } = {}): Place => ({
  at: "model",
  step,
  ...more,
});
const script = (name: string): Place => ({ at: "script", name });
const git = (moment: Moment, fits: RegExp): Place => ({ at: "git", moment, fits });
const stored = (moment: Moment, type: string, turn?: 1 | 2): Place => ({
  at: "storage",
  method: "PUT",
  moment,
  type,
  ...(turn === undefined ? {} : { turn }),
});
const FETCH = /service=git-upload-pack/;
const PACK = /\/git-upload-pack$/;
const PUSH = /service=git-receive-pack/;
const RECEIVE = /\/git-receive-pack$/;

export const POINTS: readonly Point[] = [
  { sentence: "before the runner has said hello", place: { at: "start" }, kept: 2 },
  { sentence: "before the git host says which branches there are", place: git("before", FETCH), kept: 0 },
  { sentence: "when the git host was asked for the files", place: git("before", PACK), kept: 0 },
  { sentence: "in the middle of the repository's files", place: git("during", PACK), kept: 0 },
  { sentence: "while the setup command runs", place: script("setup"), kept: 0 },
  { sentence: "while the hook before the run runs", place: script("pre-run"), kept: 0 },
  { sentence: "before the model's first word", place: model(0), kept: 0 },
  { sentence: "in the middle of the model's first word", place: model(0, { half: true }), kept: 0 },
  { sentence: "while the first turn's command runs", place: script("first"), kept: 0 },
  {
    sentence: "before the storage has the first turn's checkpoint",
    place: stored("before", CHECKPOINT, 1),
    kept: 0,
  },
  {
    sentence: "when the storage has the first turn's checkpoint and nobody knows",
    place: stored("after", CHECKPOINT, 1),
    kept: 0,
  },
  { sentence: "before the second turn's first word", place: model(3), kept: 1 },
  { sentence: "in the middle of the second turn's first word", place: model(3, { half: true }), kept: 1 },
  { sentence: "while the second turn stands paused", place: model(3, { paused: true }), kept: 1 },
  { sentence: "while the second turn's command runs", place: script("second"), kept: 1 },
  {
    sentence: "before the storage has the second turn's checkpoint",
    place: stored("before", CHECKPOINT, 2),
    kept: 1,
  },
  {
    sentence: "when the storage has the second turn's checkpoint and nobody knows",
    place: stored("after", CHECKPOINT, 2),
    kept: 1,
  },
  { sentence: "while the hook after the run runs", place: script("post-run"), kept: 2 },
  { sentence: "while a check runs", place: script("check"), kept: 2, check: true },
  {
    sentence: "before the storage has the archive",
    place: stored("before", ARCHIVE),
    kept: 2,
    deliver: "files",
  },
  {
    sentence: "when the storage has the archive and nobody knows",
    place: stored("after", ARCHIVE),
    kept: 2,
    deliver: "files",
  },
  {
    sentence: "before the git host is asked for the push",
    place: git("before", PUSH),
    kept: 2,
    deliver: "branch",
  },
  {
    sentence: "before the git host takes the push",
    place: git("before", RECEIVE),
    kept: 2,
    deliver: "branch",
  },
  {
    sentence: "when the git host took the push and nobody knows",
    place: git("after", RECEIVE),
    kept: 2,
    deliver: "branch",
  },
  {
    sentence: "while a resumed task's checkpoint is on its way in",
    place: { at: "storage", method: "GET", moment: "before" },
    kept: 2,
    resumed: true,
  },
  { sentence: "before a resumed task's first word", place: model(0), kept: 2, resumed: true },
];
