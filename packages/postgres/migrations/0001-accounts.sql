create table accounts (
  id uuid primary key,
  name text not null unique,
  -- Tasks at once; null means the server's default.
  max_running int check (max_running > 0),
  created_at timestamptz not null default now()
);

insert into accounts (id, name) values ('00000000-0000-7000-8000-000000000001', 'default');

create table api_keys (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  name text not null,
  prefix text not null,
  key_hmac bytea not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);

create table idempotency_keys (
  account_id uuid not null references accounts (id),
  route text not null,
  key text not null,
  fingerprint bytea not null,
  task_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (account_id, route, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
