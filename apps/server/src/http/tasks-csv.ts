import { MAX_PAGE } from "@agency/contract";
import type { Task } from "@agency/contract";

const MOST_ROWS = 100_000;

type Cell = string | number | null;
const COLUMNS: readonly [string, (task: Task) => Cell][] = [
  ["id", ({ id }) => id],
  ["name", ({ name }) => name],
  ["state", ({ state }) => state],
  ["reason", ({ reason }) => reason],
  ["engine", ({ engine }) => engine],
  ["model", ({ model }) => model],
  ["provider", ({ provider }) => provider],
  ["repository", ({ repository }) => repository?.url ?? null],
  ["branch", ({ result }) => result?.branch ?? null],
  ["pull_request", ({ result }) => result?.pullRequest?.url ?? null],
  ["cost_usd", ({ costUsd }) => costUsd],
  ["input_tokens", ({ usage }) => usage.input],
  ["output_tokens", ({ usage }) => usage.output],
  ["created_at", ({ createdAt }) => createdAt],
  ["started_at", ({ startedAt }) => startedAt],
  ["finished_at", ({ finishedAt }) => finishedAt],
  [
    "labels",
    ({ labels }) =>
      Object.entries(labels)
        .map((pair) => pair.join("="))
        .join(" "),
  ],
];

type ListPage = (page: {
  limit: number;
  cursor?: string;
}) => Promise<{ tasks: Task[]; nextCursor: string | null }>;

/** Page by page as the reader takes it, so that a long list is never in memory whole. */
export async function* csvOf(list: ListPage): AsyncGenerator<string> {
  yield rowOf(COLUMNS.map(([name]) => name));
  let cursor: string | null = null;
  let rows = 0;
  do {
    const page: Awaited<ReturnType<ListPage>> = await list({
      limit: MAX_PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    yield page.tasks.map((task) => rowOf(COLUMNS.map(([, cell]) => cell(task)))).join("");
    rows += page.tasks.length;
    cursor = page.nextCursor;
  } while (cursor !== null && rows < MOST_ROWS);
}

function rowOf(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

/** Names come from anybody, and a spreadsheet runs a cell that looks like a formula. */
function cellOf(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = /^[\s\0]*[=+\-@\t\r\uFF0B\uFF0D\uFF1D\uFF20]/u.test(cell) ? `'${cell}` : cell;
  return /[",\r\n;']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
