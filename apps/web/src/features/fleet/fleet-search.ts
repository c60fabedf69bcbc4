import { TASK_STATES, TERMINAL_STATES } from "@agency/contract";
import type { TASK_SORTS, TaskState } from "@agency/contract";
import type { TaskFilter } from "@agency/client";

export const VIEWS = ["runs", "capacity", "spend"] as const;
export type FleetView = (typeof VIEWS)[number];

export const SPANS = { day: 1, week: 7, month: 30 } as const;
export type Span = keyof typeof SPANS;
const GROUPS = ["alive", "over"] as const;
export type StateChoice = TaskState | (typeof GROUPS)[number];

/** What stands in the address: it can be kept and passed on. */
export interface FleetSearch {
  view?: Exclude<FleetView, "runs">;
  q?: string;
  state?: StateChoice;
  engine?: string;
  provider?: string;
  repository?: string;
  since?: Span;
  sort?: Exclude<(typeof TASK_SORTS)[number], "newest">;
}

export function readFleet(search: Record<string, unknown>): FleetSearch {
  const view = oneOf(["capacity", "spend"] as const, search["view"]);
  const state = oneOf([...TASK_STATES, ...GROUPS], search["state"]);
  const since = oneOf(["day", "week", "month"] as const, search["since"]);
  const sort = oneOf(["oldest", "dearest"] as const, search["sort"]);
  return {
    ...(view === undefined ? {} : { view }),
    ...text("q", search),
    ...(state === undefined ? {} : { state }),
    ...text("engine", search),
    ...text("provider", search),
    ...text("repository", search),
    ...(since === undefined ? {} : { since }),
    ...(sort === undefined ? {} : { sort }),
  };
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((name) => name === value);
}

/** Digits in an address are read as a number. */
function text(
  name: "q" | "engine" | "provider" | "repository",
  search: Record<string, unknown>,
): Pick<FleetSearch, typeof name> {
  const value = search[name];
  if (typeof value !== "string" && typeof value !== "number") return {};
  return value === "" ? {} : { [name]: String(value).slice(0, 200) };
}

export function isNarrowed({ view: _view, sort: _sort, ...filter }: FleetSearch): boolean {
  return Object.keys(filter).length > 0;
}

const DAY_MS = 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

/** Whole minutes, so that the pages of one list are asked for with one and the same filter. */
export function filterOf(search: FleetSearch, now: number): Omit<TaskFilter, "cursor" | "limit"> {
  const { q, state, engine, provider, repository, since, sort } = search;
  const after = since === undefined ? 0 : now - SPANS[since] * DAY_MS;
  return {
    ...(q === undefined ? {} : { search: q }),
    ...(state === undefined ? {} : { states: statesOf(state) }),
    ...(engine === undefined ? {} : { engine }),
    ...(provider === undefined ? {} : { provider }),
    ...(repository === undefined ? {} : { repository }),
    ...(since === undefined ? {} : { createdAfter: new Date(after - (after % MINUTE_MS)).toISOString() }),
    ...(sort === undefined ? {} : { sort }),
  };
}

function statesOf(choice: StateChoice): TaskState[] {
  const isOver = (state: TaskState) => TERMINAL_STATES.some((terminal) => terminal === state);
  if (choice === "over") return [...TERMINAL_STATES];
  if (choice === "alive") return TASK_STATES.filter((state) => !isOver(state));
  return [choice];
}
