import type { Task, TaskSummary } from "@agency/contract";
import type { FeedSnapshot, FeedStore } from "@agency/core";
import { readAccountBudget } from "../costs/account-budget.ts";
import type { Database, Sql } from "../database.ts";
import { TASK_COLUMNS, TASK_JOINS } from "../tasks/row.ts";
import type { TaskRow } from "../tasks/row.ts";
import { toTask } from "../tasks/view.ts";
import { shortAsk } from "./short-ask.ts";
import { stateCounts } from "./counts.ts";

const PROMPT_CHARS = 280;
/** Read anew with every change: what an agent that ends features without end did long ago is left out. */
const MOST_ENDS = 2_000;

interface SummaryRow extends TaskRow {
  features: number | null;
  passed: number | null;
}

/** A prompt can be a megabyte, and here are hundreds: it is cut before it travels. */
const COLUMNS = `${TASK_COLUMNS.replace("t.prompt,", `left(t.prompt, ${PROMPT_CHARS}) as prompt,`)}, f.features, f.passed`;

/** The newest list counts, and since then each feature's newest end. */
const PROGRESS = `
  left join lateral (
    select jsonb_array_length(l.features) as features, (
      select count(*)::int from jsonb_array_elements(l.features) x
      left join (
        select distinct on (n.data ->> 'id') n.data ->> 'id' as id, n.data ->> 'status' as status from (
          select seq, type, data from events
          where task_id = t.id and seq > l.seq and type in ('feature_list', 'feature_end')
          order by seq desc limit ${MOST_ENDS}
        ) n
        where n.type = 'feature_end' order by n.data ->> 'id', n.seq desc
      ) e on e.id = x ->> 'id'
      where coalesce(e.status, x ->> 'status') = 'passed'
    ) as passed
    from (
      select seq, case when jsonb_typeof(data -> 'features') = 'array' then data -> 'features' end as features
      from events where task_id = t.id and type in ('feature_list', 'feature_end') and type = 'feature_list'
      order by seq desc limit 1
    ) l
  ) f on true`;

export function createFeedStore(db: Database): FeedStore {
  return {
    snapshot: (accountId, most) => snapshot(db, accountId, most),
    summaries: (accountId, ids) =>
      select(db, "select * from tasks where account_id = $1 and id = any($2::uuid[]) and not hidden", [
        accountId,
        ids,
      ]),
    async totals(accountId, now) {
      const [counts, { daySpentUsd }] = await Promise.all([
        stateCounts(db, accountId),
        readAccountBudget(db, accountId, now),
      ]);
      return { counts, spentTodayUsd: daySpentUsd };
    },
  };
}

/** What a person must see, however many runs are newer: what waits for them, and what failed within a day. */
const WAITS_FOR_PEOPLE = `state = 'waiting' and finished_at is null
  and waits @? '$[*] ? (@.reason == "needs_input" || @.reason == "needs_approval" || @.reason == "budget")'`;
const FAILED_LATELY = "state = 'failed' and finished_at > now() - interval '1 day'";

async function snapshot(
  db: Database,
  accountId: string,
  most: { live: number; recent: number },
): Promise<FeedSnapshot> {
  const mine = "account_id = $1 and not hidden";
  const [live, recent, asking, failed] = await Promise.all([
    select(
      db,
      `select * from tasks where ${mine} and finished_at is null order by created_at desc, id desc limit $2`,
      [accountId, most.live + 1],
    ),
    select(
      db,
      `select * from tasks where ${mine} and finished_at is not null order by finished_at desc limit $2`,
      [accountId, most.recent],
    ),
    select(
      db,
      `select * from tasks where ${mine} and ${WAITS_FOR_PEOPLE} order by created_at desc, id desc limit $2`,
      [accountId, most.live],
    ),
    select(db, `select * from tasks where ${mine} and ${FAILED_LATELY} order by finished_at desc limit $2`, [
      accountId,
      most.recent,
    ]),
  ]);
  const tasks = [...asking, ...live.slice(0, most.live), ...failed, ...recent];
  // One that ended between the two reads is in both: as it is by now.
  const unique = new Map(tasks.map((task) => [task.id, task]));
  return { tasks: [...unique.values()], truncated: live.length > most.live };
}

async function select(sql: Sql, page: string, values: readonly unknown[]): Promise<TaskSummary[]> {
  const { rows } = await sql.query<SummaryRow>(
    `with page as materialized (${page}) select ${COLUMNS} from page t ${TASK_JOINS} ${PROGRESS}
     order by t.created_at desc, t.id desc`,
    values,
  );
  return rows.map(toSummary);
}

function toSummary(row: SummaryRow): TaskSummary {
  const task = toTask(row);
  const { id, name, state, reason, message, waits, asks, cancelRequested, engine, model, provider } = task;
  const { repository, limits, labels, priority, parentId, demo, attempt, lastSeq, costUsd } = task;
  const { waitedMs, activity, lastEventAt, notBefore, createdAt, startedAt, finishedAt, prompt } = task;
  const { features, passed } = row;
  return {
    id,
    name,
    state,
    reason,
    message,
    waits,
    asks: asks.map(shortAsk),
    cancelRequested,
    engine,
    model,
    provider,
    repository,
    limits,
    labels,
    priority,
    parentId,
    demo,
    attempt,
    lastSeq,
    costUsd,
    waitedMs,
    activity,
    lastEventAt,
    notBefore,
    createdAt,
    startedAt,
    finishedAt,
    prompt,
    progress: features === null ? null : { total: features, passed: Math.min(passed ?? 0, features) },
    changes: changesOf(task),
    pullRequest: task.result?.pullRequest?.url ?? null,
  };
}

function changesOf({ result }: Task): TaskSummary["changes"] {
  if (result === null || result.files === null) return null;
  return { files: result.files, added: result.added ?? 0, removed: result.removed ?? 0 };
}
