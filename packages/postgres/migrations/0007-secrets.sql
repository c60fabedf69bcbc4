-- Sealed with a data key of its own, which is wrapped with a master key that is not in here.
create table secrets (
  account_id uuid not null references accounts (id),
  -- Empty: the whole account's.
  project text not null default '',
  name text not null,
  version int not null check (version > 0),
  kind text not null check (kind in ('api_key', 'oauth', 'app', 'token')),
  hint text not null,
  key_id text not null,
  wrapped_key bytea not null,
  sealed bytea not null,
  checked text,
  updated_at timestamptz not null,
  primary key (account_id, project, name)
);
create index secrets_key_id on secrets (key_id);

create table task_secrets (
  task_id uuid not null references tasks (id) on delete cascade,
  account_id uuid not null references accounts (id),
  name text not null,
  key_id text not null,
  wrapped_key bytea not null,
  sealed bytea not null,
  primary key (task_id, name)
);
create index task_secrets_key_id on task_secrets (key_id);

create table audit_log (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  actor text not null,
  action text not null,
  target text not null,
  detail jsonb not null default '{}',
  at timestamptz not null
);
create index audit_log_account on audit_log (account_id, at desc, id desc);

create function audit_log_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append only: % is refused', lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_append_only before update or delete or truncate on audit_log
  for each statement execute function audit_log_is_append_only();
