import type { EventOf, EventType, ToolKind } from "@agency/contract";
import type { Look } from "../row.ts";

export interface OpenTool {
  name: string;
  kind: ToolKind;
  text: string;
  nested: boolean;
  /** Its `command` event was printed before its end. */
  printed: boolean;
}

export interface FileChange {
  path: string;
  op: EventOf<"file_change">["data"]["op"];
  added: number | undefined;
  removed: number | undefined;
}

/** What has to be remembered of earlier events to print the next one. */
export interface View {
  readonly look: Look;
  readonly taskId: string;
  /** Started and not yet ended. */
  readonly tools: Map<string, OpenTool>;
  /** Tools whose command is on the screen already. */
  readonly printedCommands: Set<string>;
  readonly features: Map<string, string>;
  /** The final comparison of the workspace: the truth about what changed. */
  readonly changes: FileChange[];
  /** The same, counted: of very many changes only the first are events. */
  counted: Pick<EventOf<"delivery">["data"], "files" | "added" | "removed"> | null;
  activity: string | null;
  costUsd: number;
  budgetUsd: number;
  /** The newest text or error, to recognise it in the summary. */
  lastText: string;
  /** Why the last step failed, as it is on the screen. */
  toldFailure: string | null;
  startedAtMs: number | null;
}

type DataOf = { [T in EventType]: EventOf<T>["data"] };
export type Renderer<T extends EventType> = (data: DataOf[T], view: View, at: string) => string[];
export type Renderers<T extends EventType = EventType> = { readonly [K in T]: Renderer<K> };
export type Told<T extends EventType = EventType> = { [K in T]: { type: K; data: DataOf[K]; at: string } }[T];
