update tasks set spec = '{"keepMs": null}' || spec;

-- Of a task that is over: until when people may look into its sandbox.
alter table sandboxes add column kept_until timestamptz;
-- Its files are not wanted when it goes.
alter table sandboxes add column discard boolean not null default false;
create index sandboxes_kept on sandboxes (account_id, kept_until)
  where kept_until is not null and state not in ('deleted', 'discarded');
