import type { RecentRepository, Spend } from "@agency/contract";
import type { OverviewStore, PastRun } from "@agency/core";
import type { Database } from "../database.ts";
import { plainText } from "../plain-text.ts";
import { countFiltered } from "./counts.ts";
import { readStorageUse } from "./storage-use.ts";

const MOST_NAMES = 20;
const MOST_WAITING = 200;
const MOST_REPOSITORIES = 20;

export function createOverviewStore(db: Database): OverviewStore {
  return {
    countTasks: (accountId, filter) => countFiltered(db, accountId, filter),
    spend: (accountId, from, to) => spend(db, accountId, from, to),
    async pastRuns(accountId, { repository, engine, model }, most) {
      const { rows } = await db.query<PastRun>(
        `select cost_usd::float8 as "costUsd",
           greatest(0, extract(epoch from finished_at - started_at) * 1000 - waited_ms)::float8 as "durationMs"
         from tasks
         where account_id = $1 and not hidden and finished_at is not null and state = 'completed'
           and started_at is not null
           and ($2::text is null or spec -> 'repository' ->> 'url' = $2)
           and ($3::text is null or engine = $3) and ($4::text is null or model = $4)
         order by finished_at desc limit $5`,
        [accountId, ...[repository, engine, model].map((text) => (text ? plainText(text) : null)), most],
      );
      return rows;
    },
    recentRepositories: (accountId) => recentRepositories(db, accountId),
    waitingForStart: (accountId, now) => waitingForStart(db, accountId, now),
    storageUse: (accountId) => readStorageUse(db, accountId),
  };
}

async function spend(db: Database, accountId: string, from: string, to: string): Promise<Spend> {
  const range =
    "account_id = $1 and at >= $2::date::timestamp at time zone 'UTC' and at < ($3::date + 1)::timestamp at time zone 'UTC'";
  const day = "to_char(at at time zone 'UTC', 'YYYY-MM-DD')";
  const values = [accountId, from, to];
  const [days, models, providers] = await Promise.all([
    db.query<Spend["days"][number]>(
      `with model as (
         select ${day} as day, sum(cost_usd) as usd, count(*) as calls,
           sum(input + cache_read + cache_write + cache_write_1h) as input, sum(output) as output
         from model_calls where ${range} group by 1
       ), compute as (
         select ${day} as day, sum(cost_usd) as usd from compute_charges where ${range} group by 1
       )
       select to_char(d, 'YYYY-MM-DD') as day, coalesce(m.usd, 0)::float8 as "modelUsd",
         coalesce(c.usd, 0)::float8 as "computeUsd", coalesce(m.calls, 0)::int as calls,
         coalesce(m.input, 0)::float8 as "inputTokens", coalesce(m.output, 0)::float8 as "outputTokens"
       from generate_series($2::date, $3::date, interval '1 day') d
       left join model m on m.day = to_char(d, 'YYYY-MM-DD')
       left join compute c on c.day = to_char(d, 'YYYY-MM-DD') order by d`,
      values,
    ),
    db.query<Spend["models"][number]>(
      `select model as name, sum(cost_usd)::float8 as usd from model_calls where ${range}
       group by 1 having sum(cost_usd) > 0 order by 2 desc limit ${MOST_NAMES}`,
      values,
    ),
    db.query<Spend["providers"][number]>(
      `select provider as name, sum(cost_usd)::float8 as usd from compute_charges where ${range}
       group by 1 having sum(cost_usd) > 0 order by 2 desc limit ${MOST_NAMES}`,
      values,
    ),
  ]);
  const totalUsd = days.rows.reduce((sum, { modelUsd, computeUsd }) => sum + modelUsd + computeUsd, 0);
  // Sums of millionths: what floating point adds at the end is not money.
  const rounded = Math.round(totalUsd * 1e6) / 1e6;
  return { from, to, totalUsd: rounded, days: days.rows, models: models.rows, providers: providers.rows };
}

async function recentRepositories(db: Database, accountId: string): Promise<RecentRepository[]> {
  const { rows } = await db.query<{ url: string; branch: string | null; last: Date; tasks: number }>(
    `select url, (array_agg(branch order by created_at desc))[1] as branch, max(created_at) as last,
       count(*)::int as tasks
     from (
       select spec -> 'repository' ->> 'url' as url, spec -> 'repository' ->> 'branch' as branch, created_at
       from tasks where account_id = $1 and not hidden order by created_at desc, id desc limit 1000
     ) t where url is not null group by url order by last desc limit ${MOST_REPOSITORIES}`,
    [accountId],
  );
  return rows.map(({ url, branch, last, tasks }) => ({ url, branch, tasks, lastUsedAt: last.toISOString() }));
}

/** In the order the queue hands them out; tasks whose time has not come stand behind, the soonest first. */
async function waitingForStart(
  db: Database,
  accountId: string,
  now: number,
): ReturnType<OverviewStore["waitingForStart"]> {
  const [waiting, running] = await Promise.all([
    db.query<{ id: string; name: string; created_at: Date; starts_at: Date | null }>(
      `select id, name, created_at, case when state = 'scheduled' and not_before > $2 then not_before end as starts_at
       from tasks where account_id = $1 and not hidden and finished_at is null and state in ('queued', 'scheduled')
       order by (state = 'scheduled'), case when state = 'scheduled' then not_before end, priority desc, created_at, id
       limit ${MOST_WAITING}`,
      [accountId, new Date(now)],
    ),
    db.query<{ n: number }>(
      `select count(*)::int as n from tasks
       where account_id = $1 and finished_at is null and state in ('starting', 'running', 'waiting', 'finishing')`,
      [accountId],
    ),
  ]);
  return {
    running: running.rows[0]?.n ?? 0,
    waiting: waiting.rows.map(({ id, name, created_at, starts_at }) => ({
      taskId: id,
      name,
      since: created_at.toISOString(),
      startsAt: starts_at?.toISOString() ?? null,
    })),
  };
}
