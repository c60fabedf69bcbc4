alter table accounts
  -- {"ours": ["example.com", "*.example.org:8443"]}: what tasks may name where they may name a host.
  add column network_lists jsonb not null default '{}',
  -- Closed to every task, whatever its own network says.
  add column closed_hosts text[] not null default '{}',
  -- The network of new tasks that do not say; null is the product's own default.
  add column default_network jsonb;
