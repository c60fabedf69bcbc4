-- What requests say by now, as it was for those that could not say it.
update tasks
set spec = '{"deliver": "files", "commits": "squash", "pullRequest": null, "checks": [], "artifacts": [], "resume": null}'
           || spec;
update tasks
set result = '{"commit": null, "commits": [], "branch": null, "pullRequest": null, "checks": []}' || result
where result is not null;
update attempts
set outcome = '{"commit": null, "commits": [], "branch": null, "checks": []}' || outcome
where outcome is not null;

-- Tasks that still need a checkpoint of another one.
create index tasks_resuming on tasks ((spec -> 'resume' ->> 'taskId'))
  where finished_at is null and spec -> 'resume' <> 'null';

-- Objects that are stored whole and verified.
create table blobs (
  id uuid primary key,
  task_id uuid not null references tasks (id) on delete cascade,
  account_id uuid not null references accounts (id),
  epoch int not null,
  kind text not null check (
    kind in ('archive', 'patch', 'session', 'file', 'screenshot', 'log', 'checkpoint', 'manifest')
  ),
  name text not null,
  key text not null unique,
  bytes bigint not null check (bytes >= 0),
  sha256 text not null,
  media_type text not null,
  at timestamptz not null
);
create index blobs_task on blobs (task_id, at);
-- A name can be 4 KiB of UTF-8, more than an index takes.
create unique index blobs_name on blobs (task_id, kind, md5(name)) where kind <> 'checkpoint';

-- What storage holds, or may hold, without a blob: uploads under way, and what was dropped.
create table loose_objects (
  key text primary key,
  -- Of an upload under way: its size counts against the task's.
  task_id uuid,
  bytes bigint not null default 0,
  -- From then on it is nobody's and is deleted; no blob is made of it any more.
  collect_at timestamptz not null
);
create index loose_objects_due on loose_objects (collect_at);
create index loose_objects_task on loose_objects (task_id) where task_id is not null;

-- However a blob goes, with its task, replaced or forgotten, its object is collected.
create function blobs_leave_objects() returns trigger language plpgsql as $$
begin
  insert into loose_objects (key, collect_at) values (old.key, now()) on conflict (key) do nothing;
  return null;
end
$$;
create trigger blobs_leave_objects after delete on blobs for each row execute function blobs_leave_objects();

create table checkpoints (
  task_id uuid not null references tasks (id) on delete cascade,
  -- Its own in the whole task: what a person names it by.
  number int not null,
  epoch int not null,
  -- As the attempt counts: told again, it is the same one.
  attempt_number int not null,
  label text,
  turn int not null,
  blob_id uuid not null unique references blobs (id) on delete cascade,
  base text not null,
  head text not null,
  branch text,
  commit text not null,
  session_id text,
  engine_version text,
  at timestamptz not null,
  primary key (task_id, number),
  unique (task_id, epoch, attempt_number)
);
