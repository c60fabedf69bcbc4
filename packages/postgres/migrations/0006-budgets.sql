alter table accounts
  add column day_usd numeric(14, 6) check (day_usd > 0),
  add column month_usd numeric(14, 6) check (month_usd > 0);

-- What has been spent, and set aside for calls under way, in everything a cap can be put on: `task/<id>`, `tree/<id>`
-- (that task and all below it), `day/<account>/<date>` and `month/<account>/<month>` of UTC. Spending is counted
-- whether there is a cap or not: one that is set later knows of it. Always locked in the order of the names.
create table budget_scopes (
  name text collate "C" primary key,
  spent_usd numeric(14, 6) not null default 0,
  reserved_usd numeric(14, 6) not null default 0 check (reserved_usd >= 0)
) with (fillfactor = 50);

-- Calls under way. No foreign key: what a call of a deleted task had set aside must be freed like any other.
create table model_reservations (
  id uuid primary key,
  account_id uuid not null,
  task_id uuid not null,
  epoch int not null,
  vendor text not null,
  model text not null,
  usd numeric(14, 6) not null check (usd >= 0),
  -- Charged when nobody is left to tell what the call used.
  input_usd numeric(14, 6) not null check (input_usd >= 0),
  scopes text[] not null,
  at timestamptz not null
);
create index model_reservations_at on model_reservations (at);

alter table model_calls
  add column cache_write_1h bigint not null default 0,
  add column web_searches bigint not null default 0,
  add column fast boolean not null default false,
  add column us_only boolean not null default false,
  -- Not in the price table: priced as the most expensive model that is.
  add column estimated boolean not null default false,
  -- The response was cut, or nobody saw its end.
  add column partial boolean not null default false;

-- The billing rows of computing time; like those of the model calls they outlive the task they name.
create table compute_charges (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  task_id uuid not null,
  epoch int not null,
  provider text not null,
  from_ms bigint not null,
  until_ms bigint not null check (until_ms > from_ms),
  usd_per_hour numeric(14, 6) not null,
  cost_usd numeric(14, 6) not null check (cost_usd >= 0),
  at timestamptz not null,
  unique (task_id, epoch, until_ms)
);
create index compute_charges_account on compute_charges (account_id, at);

-- What was spent before there were scopes.
insert into budget_scopes (name, spent_usd) select 'task/' || id, cost_usd from tasks;
with recursive line (task_id, ancestor_id, cost_usd, depth) as (
  select id, id, cost_usd, 0 from tasks
  union all
  select l.task_id, t.parent_id, l.cost_usd, l.depth + 1 from line l join tasks t on t.id = l.ancestor_id
  where t.parent_id is not null and l.depth < 100
)
insert into budget_scopes (name, spent_usd) select 'tree/' || ancestor_id, sum(cost_usd) from line group by ancestor_id;
insert into budget_scopes (name, spent_usd)
select 'day/' || account_id || '/' || to_char(at at time zone 'UTC', 'YYYY-MM-DD'), sum(cost_usd) from model_calls group by 1
union all
select 'month/' || account_id || '/' || to_char(at at time zone 'UTC', 'YYYY-MM'), sum(cost_usd) from model_calls group by 1;
