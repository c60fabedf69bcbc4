-- The billing rows: they outlive the task they name.
create table model_calls (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  task_id uuid not null,
  epoch int not null,
  vendor text not null,
  model text not null,
  key text not null,
  input bigint not null,
  output bigint not null,
  cache_read bigint not null,
  cache_write bigint not null,
  cost_usd numeric(14, 6) not null check (cost_usd >= 0),
  status int not null,
  duration_ms int not null,
  at timestamptz not null default now(),
  unique (task_id, key)
);
create index model_calls_account on model_calls (account_id, at);

create table engine_probes (
  engine text not null,
  version text not null,
  provider text not null,
  ok boolean not null,
  detail text not null,
  at timestamptz not null,
  primary key (engine, version, provider)
);
