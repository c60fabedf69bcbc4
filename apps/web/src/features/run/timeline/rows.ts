import type { AskBody, EventOf } from "@agency/contract";

export type Tone = "quiet" | "info" | "good" | "warn" | "bad";

interface Base {
  /** Number of the event that began the row: its identity and its address. */
  seq: number;
  at: string;
  turn: number;
  /** Counted up whenever a later event changes the row. */
  rev: number;
  topic: Topic;
}

export const TOPICS = ["talk", "tools", "changes", "network", "milestones", "problems"] as const;
export type Topic = (typeof TOPICS)[number];

export type Change = EventOf<"file_change">["data"];
export type Tests = EventOf<"test_run">["data"];

export type Row = Base &
  (
    | { kind: "turn"; number: number; end: { at: string; stop: string; turns: number | null } | null }
    | { kind: "message"; text: string; mode: "steer" | "next_turn" }
    | { kind: "text"; messageId: string; text: string; typing: boolean; sub: boolean }
    | { kind: "thinking"; text: string; sub: boolean }
    | {
        kind: "tool";
        call: EventOf<"tool_start">["data"];
        end: EventOf<"tool_end">["data"] | null;
        changes: Change[];
        tests: Tests | null;
      }
    | { kind: "change"; change: Change }
    | { kind: "network"; calls: EventOf<"network">["data"][] }
    | { kind: "log"; lines: EventOf<"log">["data"][] }
    | { kind: "ask"; ask: AskBody; answered: EventOf<"answer">["data"] | null }
    | { kind: "check"; check: EventOf<"check">["data"] }
    | { kind: "note"; tone: Tone; title: string; detail: string }
  );

export type RowOf<K extends Row["kind"]> = Extract<Row, { kind: K }>;
