-- The row lock on a task's head gives its events their numbers: gapless, in commit order.
create table task_heads (
  task_id uuid primary key references tasks (id) on delete cascade,
  last_seq bigint not null default 0,
  epoch int not null default 0,
  -- Everything the current epoch's runner sent up to this number is stored.
  runner_seq bigint not null default 0,
  -- Set with the terminal event: nothing comes after it.
  closed boolean not null default false
) with (fillfactor = 50);

-- Task ids are UUIDv7, so a range of ids is a range of creation time: weekly partitions are made ahead by the
-- server, a task's events never span two of them, and old weeks are dropped whole. The default catches the rest.
create table events (
  task_id uuid not null,
  seq bigint not null,
  at timestamptz not null,
  epoch int not null,
  runner_seq bigint,
  type text not null,
  v smallint not null default 1,
  sanitized boolean not null default false,
  blob_key text,
  blob_bytes bigint,
  data jsonb not null,
  primary key (task_id, seq)
) partition by range (task_id);
create unique index events_runner_seq on events (task_id, epoch, runner_seq) where runner_seq is not null;
create unique index events_one_terminal on events (task_id)
  where type = 'status' and data ->> 'state' in ('completed', 'failed', 'cancelled');
create table events_default partition of events default;
