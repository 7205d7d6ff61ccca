-- Backtests on somebody's request: see store/backtests.py.

-- name: bury -- tells of those whose process has been silent for long that they failed
update "033_omnichannel_journey_orchestrator_backtests"
set status = 'FAILED', failure = $3, ended_at = clock_timestamp(), progress = null
where workspace_id = $1 and status = 'RUNNING' and heartbeat_at < clock_timestamp() - $2::interval;

-- name: begin -- writes a backtest that runs; nothing when it is there, or another one of the workspace runs
insert into "033_omnichannel_journey_orchestrator_backtests" (
    id, workspace_id, config_id, definition, options, author_id, author_name
)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing;

-- name: find_backtest -- one backtest, all of it
select * from "033_omnichannel_journey_orchestrator_backtests" where workspace_id = $1 and id = $2;

-- name: running -- the one of the workspace that runs
select * from "033_omnichannel_journey_orchestrator_backtests" where workspace_id = $1 and status = 'RUNNING';

-- name: list_backtests -- a page of backtests without definitions and results, newest first
select id, config_id, options, author_id, author_name, status, progress, failure, created_at, ended_at
from "033_omnichannel_journey_orchestrator_backtests"
where workspace_id = $1
    and ($2::uuid is null or config_id = $2)
    and ($3::timestamp is null or (created_at, id) < ($3::timestamp, $4::uuid))
order by created_at desc, id desc
limit $5;

-- name: beat -- says that it still runs, and how far it is; nothing when it does not, by what is written here
update "033_omnichannel_journey_orchestrator_backtests"
set heartbeat_at = clock_timestamp(), progress = $3
where workspace_id = $1 and id = $2 and status = 'RUNNING'
returning id;

-- name: end -- ends one that runs
update "033_omnichannel_journey_orchestrator_backtests"
set status = $3, result = $4, failure = $5, ended_at = clock_timestamp(), progress = null
where workspace_id = $1 and id = $2 and status = 'RUNNING'
returning id, config_id;

-- name: forget -- Deletes some that are over: those from before a time, and of each workspace all but its newest so many.
delete from "033_omnichannel_journey_orchestrator_backtests"
where id in (
    select id
    from (
        select id, created_at, row_number() over (partition by workspace_id order by created_at desc, id desc) as place
        from "033_omnichannel_journey_orchestrator_backtests"
        where status <> 'RUNNING'
    ) as over
    where created_at < $1 or place > $2
    limit $3
);
