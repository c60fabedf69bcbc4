alter table tasks
  -- Everything it waits for now: id, reason, since, until, message.
  add column waits jsonb not null default '[]',
  add column waiting_since timestamptz,
  -- Waits that are over, in all: the time limit leaves them out.
  add column waited_ms bigint not null default 0 check (waited_ms >= 0),
  add column compute_usd numeric(14, 6) not null default 0 check (compute_usd >= 0);

-- A task from before could wait for one thing only, and nothing ended that but its end.
update tasks
set waits = jsonb_build_array(jsonb_build_object(
      'id', reason, 'reason', reason, 'since', floor(extract(epoch from now()) * 1000), 'until', null, 'message', message)),
    waiting_since = now()
where state = 'waiting';
-- What requests say by now, as it was for those that could not say it.
update tasks
set spec = '{"repositories": [], "allowInternalNetwork": false, "approve": "none", "questions": false,
             "commandPolicy": {"allow": [], "deny": []}, "onBudget": "stop", "onUsageLimit": "stop", "project": null}'
           || spec
           || jsonb_build_object('limits',
                '{"outputBytes": 1073741824, "eventsPerSecond": 10000}' || coalesce(spec -> 'limits', '{}'));

alter table tasks add check ((state = 'waiting') = (jsonb_array_length(waits) > 0));

create table asks (
  task_id uuid not null references tasks (id) on delete cascade,
  -- The runner's: asked again after a lost answer, it is the same ask.
  id text not null,
  account_id uuid not null references accounts (id),
  epoch int not null,
  body jsonb not null,
  asked_at timestamptz not null,
  answered_at timestamptz,
  answered_by text,
  primary key (task_id, id)
);

-- Of all events the runners of the task sent, what was stored beside the log included.
alter table task_heads add column bytes bigint not null default 0;
