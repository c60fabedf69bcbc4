alter table loose_objects
  -- Whose room an upload has taken before a row of its own says so.
  add column account_id uuid,
  -- It could not be deleted; until then others have their turn.
  add column retry_at timestamptz;
update loose_objects l set account_id = u.account_id, bytes = u.bytes from uploads u where u.key = l.key;
update loose_objects l set account_id = t.account_id from tasks t where t.id = l.task_id;

-- What an account stores is added up before each upload, from these alone.
create index loose_objects_account on loose_objects (account_id) include (bytes) where account_id is not null;
create index blobs_account on blobs (account_id) include (bytes) where expired_at is null;

-- Tasks that were started from a checkpoint of another one, whether they have ended or not.
create index tasks_resumed on tasks ((spec -> 'resume' ->> 'taskId')) where spec -> 'resume' <> 'null';
