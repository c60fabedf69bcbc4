-- Two entries of one millisecond, or a clock that was set back, do not change what was done first.
alter table audit_log add column ord bigint generated always as identity;
drop index audit_log_account;
create index audit_log_account on audit_log (account_id, ord desc);
