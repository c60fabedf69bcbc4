/** A model request in no vendor's words: what every façade reads from its wire format. */
export interface ModelRequest {
  /** Tells runs apart: the engine's session, which a resume keeps. Empty when the engine sends none. */
  run: string;
  cwd: string;
  entries: readonly Entry[];
  /** The credential it came with, for faults of one credential. Never recorded. */
  key?: string | undefined;
}

/** The conversation so far, oldest first. */
export type Entry =
  | { kind: "user"; text: string }
  | { kind: "assistant"; callIds: readonly string[] }
  | { kind: "results"; results: readonly ToolResult[] }
  /** The engine says that the answer before this did not arrive whole; it is to be given again. */
  | { kind: "cut-off" };

export interface ToolResult {
  callId: string;
  text: string;
  isError: boolean;
}

/** Why a request is not part of the story: it gets a canned answer and never moves a script on. */
export type SideKind = "no-tools" | "compact" | "count-tokens" | "models" | "reachable";

/** What is kept of every request, for tests to look at. */
export interface RecordedRequest {
  method: string;
  path: string;
  /** How the caller signed in; the credential itself is never kept. */
  auth: "x-api-key" | "bearer" | "none";
  run: string;
  model: string | null;
  stream: boolean;
  tools: readonly string[];
  /** Size as sent, and after undoing the content encoding. */
  wireBytes: number;
  bytes: number;
  /** Results of the latest tool calls: the proof that a tool really ran. Long ones are cut. */
  results: readonly ToolResult[];
  /** What people said since the model last answered. */
  newTexts: readonly string[];
  side: SideKind | null;
  script: string | null;
  /** Which step answered: the index in `steps`, `3r0` for the first step of a detour before step 3, or `after`. */
  place: string | null;
  status: number | null;
  /** The decoded body; kept only with `keepBodies`. */
  body?: string;
}
