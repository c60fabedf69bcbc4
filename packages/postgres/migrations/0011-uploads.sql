update tasks set spec = '{"upload": null, "review": null}' || spec;

-- The engine's memory is in the checkpoints; what a task was uploaded to go on from is kept with it.
alter table blobs drop constraint blobs_kind_check;
alter table blobs add constraint blobs_kind_check check (
  kind in ('archive', 'patch', 'file', 'screenshot', 'log', 'checkpoint', 'manifest', 'upload')
);

-- What people sent and no task was started from yet. Its object is a loose one with the same time to go: whoever comes
-- second, the task or the collector, finds nothing. The task makes a blob of it.
create table uploads (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  key text not null unique,
  bytes bigint not null check (bytes >= 0),
  sha256 text not null,
  -- Null: still on its way.
  at timestamptz,
  expires_at timestamptz not null
);
create index uploads_account on uploads (account_id, expires_at);
