import type { TaskEvent } from "@agency/contract";
import type { EventPage } from "@agency/core";

const MOST_EVENTS = 500;
const FIRST_EVENTS = 100;
const LEAST_EVENTS = 16;
/** An event may have 64 KB: five hundred of them, held by each reader that stands still, would be 32 MB a reader. */
const AIM_CHARS = 1024 * 1024;
/** What comes next may be as large as whoever writes the log likes, whatever the last ones were like. */
export const MOST_PAGE_BYTES = 2 * AIM_CHARS;

export interface PageSize {
  /** How many events to read next. */
  readonly events: number;
  /** What was read. Returns how much it is, in characters. */
  saw(page: readonly TaskEvent[]): number;
}

/** As many events at a time as make about a megabyte, by what the last ones were like. */
export function createPageSize(): PageSize {
  let events = FIRST_EVENTS;
  return {
    get events() {
      return events;
    },
    saw(page) {
      const chars = page.reduce((sum, { data }) => sum + charsOf(data), 0);
      if (page.length > 0) {
        const fitting = Math.floor((AIM_CHARS * page.length) / Math.max(1, chars));
        events = Math.min(MOST_EVENTS, Math.max(LEAST_EVENTS, fitting));
      }
      return chars;
    },
  };
}

/** How many events it has says nothing: it may be short because they are large. */
export function isLastPage({ events, lastSeq }: EventPage): boolean {
  const last = events.at(-1);
  return last === undefined || last.seq >= lastSeq;
}

/** Roughly what it takes to keep. */
function charsOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + charsOf(part), 1);
}
