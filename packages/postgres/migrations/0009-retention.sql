-- What an account keeps, where it differs from the server's own settings: {"events": 86400000, "artifacts": null};
-- null is for ever.
alter table accounts add column retention jsonb not null default '{}';

alter table tasks
  -- Every event of it is in a segment or has expired: no row is left.
  add column archived boolean not null default false,
  -- Parts whose time was over and which need not be looked at again.
  add column swept text[] not null default '{}',
  -- Since when which part is gone: {"events": "2026-01-31T12:00:00.000Z"}.
  add column expired jsonb not null default '{}';
create index tasks_to_archive on tasks (finished_at) where finished_at is not null and not archived;
create index tasks_to_sweep_events on tasks (account_id, finished_at)
  where finished_at is not null and not ('events' = any (swept));
create index tasks_to_sweep_artifacts on tasks (account_id, finished_at)
  where finished_at is not null and not ('artifacts' = any (swept));
create index tasks_to_sweep_checkpoints on tasks (account_id, finished_at)
  where finished_at is not null and not ('checkpoints' = any (swept));

-- Beside the numbers of the log, because every read of it looks here.
alter table task_heads
  -- Events up to this number are read from segments, whether their rows are still there or not.
  add column archived_through bigint not null default 0,
  -- Of the last event, whose row is gone with the others.
  add column last_at timestamptz,
  add column expired_at timestamptz;

-- Events of tasks that have ended, as files of compressed lines. No two segments of a task overlap.
create table event_segments (
  task_id uuid not null references tasks (id) on delete cascade,
  first_seq bigint not null check (first_seq > 0),
  last_seq bigint not null,
  types text[] not null,
  key text collate "C" not null unique,
  bytes bigint not null,
  raw_bytes bigint not null,
  sha256 text not null,
  at timestamptz not null default now(),
  missing_at timestamptz,
  primary key (task_id, first_seq),
  check (last_seq >= first_seq)
);
create trigger event_segments_leave_objects after delete on event_segments
  for each row execute function blobs_leave_objects();

-- A bucket lists its keys in the order of their bytes: what is missing from a page is found with one range.
alter table blobs
  alter column key type text collate "C",
  -- Its object was given up; the row says what there was.
  add column expired_at timestamptz,
  -- Since when its object is known to be gone although nobody gave it up.
  add column missing_at timestamptz;

-- Removals that were decided and may not be carried out yet. What they name is out of sight already.
create table removals (
  task_id uuid not null,
  -- events: rows and large events. task: all there is.
  part text not null check (part in ('events', 'task')),
  sandboxes jsonb not null default '[]',
  -- Whoever takes it up has until then; after that it is another's turn.
  due_at timestamptz not null,
  primary key (task_id, part)
);
create index removals_due on removals (due_at);

-- How far the comparison of storage and rows has come: one row, passed from server to server.
create table storage_scan (
  one boolean primary key default true check (one),
  after text,
  -- Another server may go on from then; when a round is done, this is the time of the next.
  due_at timestamptz not null
);
insert into storage_scan (due_at) values (now());
