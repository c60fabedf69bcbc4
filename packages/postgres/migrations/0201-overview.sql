-- Tasks by account and state. Every change adds a line, so that nobody waits for a shared counter; now and then
-- the lines are folded into the sums. A count is the sum of both.
create table task_counts (
  account_id uuid not null,
  state text not null,
  n bigint not null,
  primary key (account_id, state)
);
create table task_count_changes (
  account_id uuid not null,
  state text not null,
  n int not null
);

insert into task_counts (account_id, state, n)
select account_id, state, count(*) from tasks where not hidden group by 1, 2;

create function fold_task_counts() returns void language sql as $$
  with taken as (delete from task_count_changes returning account_id, state, n)
  insert into task_counts as c (account_id, state, n)
  select account_id, state, sum(n) from taken group by 1, 2
  on conflict (account_id, state) do update set n = c.n + excluded.n
$$;

create function count_tasks() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and not old.hidden then
    insert into task_count_changes values (old.account_id, old.state, -1);
  end if;
  if tg_op <> 'DELETE' and not new.hidden then
    insert into task_count_changes values (new.account_id, new.state, 1);
  end if;
  -- One at a time, and whoever comes meanwhile does not wait.
  if random() < 0.005 and pg_try_advisory_xact_lock(7717202) then
    perform fold_task_counts();
  end if;
  return null;
end
$$;
create trigger tasks_counted after insert or delete or update of state, hidden, account_id on tasks
  for each row execute function count_tasks();

-- The progress of a run is told by a few of its many events.
create index events_features on events (task_id, seq) where type in ('feature_list', 'feature_end');

create index tasks_finished on tasks (account_id, finished_at desc) where finished_at is not null and not hidden;
create index tasks_cost on tasks (account_id, cost_usd desc, id desc) where not hidden;
create index tasks_repository on tasks (account_id, (spec -> 'repository' ->> 'url'), created_at desc)
  where not hidden and spec -> 'repository' ->> 'url' is not null;

create table templates (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  name text not null,
  task jsonb not null,
  updated_at timestamptz not null,
  unique (account_id, name)
);
