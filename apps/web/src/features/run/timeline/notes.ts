import { REASON_SENTENCES } from "@agency/contract";
import type { EventBody, EventOf } from "@agency/contract";
import { bytes, duration, plural } from "../../../lib/format.ts";
import type { Tone, Topic } from "./rows.ts";

export interface Note {
  tone: Tone;
  topic: Topic;
  title: string;
  detail: string;
}

/** The events that are one line of the timeline; null for those that are not a line of their own. */
export function noteOf(event: EventBody): Note | null {
  switch (event.type) {
    case "status":
      return statusNote(event.data);
    case "phase":
      return phaseNote(event.data);
    case "session":
      return milestone(
        event.data.resumed ? "Session resumed" : "Session started",
        `${event.data.engine} ${event.data.engineVersion} · ${event.data.model}`,
      );
    case "error":
      return {
        tone: event.data.severity === "warning" ? "warn" : "bad",
        topic: "problems",
        title: event.data.message,
        detail: event.data.recovery ?? "",
      };
    case "retry":
      return problem(
        `Model call failed (${event.data.httpStatus ?? event.data.class}); trying again in ${duration(event.data.delayMs)}`,
        `attempt ${event.data.attempt} of ${event.data.max}`,
      );
    case "notice":
      return event.data.level === "warn" ? problem(event.data.text, "") : milestone(event.data.text, "");
    default:
      return keptNote(event) ?? worldNote(event);
  }
}

function keptNote(event: EventBody): Note | null {
  switch (event.type) {
    case "checkpoint":
      return milestone(
        `Checkpoint${event.data.number === undefined ? "" : ` ${event.data.number}`}`,
        [event.data.label, event.data.bytes === undefined ? undefined : bytes(event.data.bytes)]
          .filter((part) => part !== undefined)
          .join(" · "),
      );
    case "restored":
      return milestone(
        `Restored from checkpoint ${event.data.checkpoint}`,
        event.data.message ?? plural(event.data.files, "file"),
      );
    case "artifact":
      return milestone(`Kept ${event.data.name}`, bytes(event.data.bytes));
    case "delivery":
      return {
        ...milestone(`Delivered: ${event.data.kind.replace("_", " ")}`, event.data.location),
        tone: "good",
      };
    case "feature_end":
      return {
        tone: event.data.status === "passed" ? "good" : "bad",
        topic: "milestones",
        title: `Feature ${event.data.id} ${event.data.status}`,
        detail: event.data.message ?? "",
      };
    default:
      return null;
  }
}

function worldNote(event: EventBody): Note | null {
  switch (event.type) {
    case "test_run":
      return testNote(event.data);
    case "git":
      return gitNote(event.data);
    case "limits":
      return milestone(`Limits changed by ${event.data.by}`, limitText(event.data.limits));
    case "credential":
      return problem(
        `${event.data.vendor}: ${event.data.credential} ${event.data.limitedUntil === null ? "was refused" : "reached its limit"}`,
        event.data.next === null ? "There is no other one." : `Going on with ${event.data.next}.`,
      );
    case "subtask":
      return {
        tone: event.data.status === "failed" ? "warn" : "quiet",
        topic: "tools",
        title: `Background ${event.data.what} ${event.data.status}`,
        detail: event.data.summary ?? "",
      };
    default:
      return null;
  }
}

function statusNote({ state, reason, message }: EventOf<"status">["data"]): Note {
  const tone: Record<string, Tone> = { completed: "good", failed: "bad", waiting: "warn", cancelled: "warn" };
  const sentence = reason === undefined ? "" : REASON_SENTENCES[reason].what;
  return {
    tone: tone[state] ?? "quiet",
    topic: "milestones",
    title: state === "waiting" ? "Waiting" : `Run ${state}`,
    detail: message ?? sentence,
  };
}

function phaseNote({ name, status, message, durationMs }: EventOf<"phase">["data"]): Note | null {
  if (status === "started") return null;
  const took = durationMs === undefined ? "" : duration(durationMs);
  const failed = status === "failed";
  return {
    tone: failed ? "bad" : "quiet",
    topic: failed ? "problems" : "milestones",
    title: `${name} ${failed ? "failed" : "done"}`,
    detail: [message, took].filter((part) => part !== undefined && part !== "").join(" · "),
  };
}

export function testNote({ passed, failed, skipped, command }: EventOf<"test_run">["data"]): Note {
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ""}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return {
    tone: failed > 0 ? "bad" : "good",
    topic: failed > 0 ? "problems" : "milestones",
    title: `Tests: ${counts}`,
    detail: command ?? "",
  };
}

function gitNote({ action, host, repository, verdict, reason, refs }: EventOf<"git">["data"]): Note {
  const allowed = verdict === "allowed";
  return {
    tone: allowed ? "quiet" : "bad",
    topic: "network",
    title: `git ${action} ${verdict}: ${host}/${repository}`,
    detail: [reason, refs?.join(", ")].filter((part) => part !== undefined).join(" · "),
  };
}

function limitText({ wallMs, costUsd, turns }: EventOf<"limits">["data"]["limits"]): string {
  return `${duration(wallMs)} · $${costUsd} · ${turns} turns`;
}

function milestone(title: string, detail: string): Note {
  return { tone: "quiet", topic: "milestones", title, detail };
}

function problem(title: string, detail: string): Note {
  return { tone: "warn", topic: "problems", title, detail };
}
