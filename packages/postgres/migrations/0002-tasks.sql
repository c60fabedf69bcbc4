create table tasks (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  state text not null check (
    state in ('scheduled', 'queued', 'starting', 'running', 'waiting', 'finishing', 'completed', 'failed', 'cancelled')
  ),
  reason text,
  message text,
  -- One-way latch: an acknowledged cancel never leads to another attempt.
  desired text not null default 'run' check (desired in ('run', 'cancel')),
  cancel_deadline_at timestamptz,
  epoch int not null default 0 check (epoch >= 0),
  attempts_left int not null,
  name text not null,
  prompt text not null,
  engine text not null,
  model text,
  provider text not null,
  spec jsonb not null,
  labels jsonb not null default '{}',
  priority int not null default 0,
  not_before timestamptz,
  parent_id uuid references tasks (id) on delete set null,
  -- Agency's own probes: run like any task, never listed.
  hidden boolean not null default false,
  cost_usd numeric(14, 6) not null default 0 check (cost_usd >= 0),
  usage jsonb not null default '{}',
  activity text,
  result jsonb,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  check ((state in ('completed', 'failed', 'cancelled')) = (finished_at is not null)),
  check (state <> 'failed' or reason is not null)
);
create index tasks_list on tasks (account_id, created_at desc, id desc) where not hidden;
create index tasks_live on tasks (state) where finished_at is null;
create index tasks_due on tasks (not_before) where state = 'scheduled';
create index tasks_parent on tasks (parent_id) where parent_id is not null;
create index tasks_labels on tasks using gin (labels jsonb_path_ops);

create table attempts (
  id uuid primary key,
  task_id uuid not null references tasks (id) on delete cascade,
  account_id uuid not null references accounts (id),
  epoch int not null,
  state text not null check (
    state in ('claimed', 'provisioning', 'running', 'finalizing', 'succeeded', 'failed', 'cancelled', 'lost')
  ),
  provider text not null,
  boot_used_at timestamptz,
  boot_nonce text,
  created_at timestamptz not null,
  started_at timestamptz,
  last_seen_at timestamptz,
  outcome jsonb,
  finished_at timestamptz,
  unique (task_id, epoch)
);
-- At most one live attempt a task, whatever the code does.
create unique index attempts_one_live on attempts (task_id)
  where state in ('claimed', 'provisioning', 'running', 'finalizing');

create table sandboxes (
  id uuid primary key,
  attempt_id uuid not null unique references attempts (id) on delete cascade,
  task_id uuid not null references tasks (id) on delete cascade,
  account_id uuid not null references accounts (id),
  provider text not null,
  generation int not null default 1,
  state text not null check (state in ('intent', 'creating', 'active', 'deleting', 'deleted', 'discarded')),
  ref jsonb,
  created_at timestamptz not null,
  deleted_at timestamptz
);
create index sandboxes_task on sandboxes (task_id);
create index sandboxes_standing on sandboxes (provider, created_at) where state not in ('deleted', 'discarded');

create table commands (
  id uuid primary key,
  task_id uuid not null references tasks (id) on delete cascade,
  account_id uuid not null references accounts (id),
  ord bigint generated always as identity,
  kind text not null,
  body jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index commands_task on commands (task_id, ord);
