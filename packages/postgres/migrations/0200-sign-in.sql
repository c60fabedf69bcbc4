-- A browser that is signed in. Only keyed hashes of its tokens are here; revoked is deleted.
create table browser_sessions (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  method text not null check (method in ('link', 'password', 'pairing')),
  name text not null,
  address text not null,
  token_hmac bytea not null,
  -- The token before this one. It is good until the present one has been used, and a little longer.
  previous_hmac bytea,
  previous_until timestamptz,
  rotated_at timestamptz not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index browser_sessions_account on browser_sessions (account_id, created_at);

create table sign_in_links (
  token_hmac bytea primary key,
  account_id uuid not null references accounts (id),
  expires_at timestamptz not null
);

create table account_passwords (
  account_id uuid primary key references accounts (id),
  hash text not null,
  updated_at timestamptz not null default now()
);

create table pairing_requests (
  id uuid primary key,
  code_hmac bytea not null unique,
  secret_hmac bytea not null,
  name text not null,
  address text not null,
  requested_at timestamptz not null,
  expires_at timestamptz not null,
  -- Claims with a wrong secret.
  tries int not null default 0,
  decision text check (decision in ('accepted', 'refused')),
  -- Whose device it becomes.
  account_id uuid references accounts (id),
  check ((decision = 'accepted') = (account_id is not null))
);

-- Tries of one kind from one address, or of all; they survive a restart of the server.
create table sign_in_tries (
  name text primary key,
  tries int not null,
  resets_at timestamptz not null
);
