-- What the steward looks at and writes: see api/steward.py.

-- name: take_office -- whether this session is the steward now; it is until it ends
select pg_try_advisory_lock(33, 3);

-- name: watched -- active journeys that have experiments or brakes, their own or those of the workspace
select * from (
    select
        configs.id, configs.workspace_id,
        coalesce(configs.activated_at, configs.created_at) as activated_at,
        coalesce(configs.resumed_at, configs.created_at) as resumed_at,
        configs.config #>> '{goal,window}' as goal_window,
        (
            select coalesce(jsonb_object_agg(step.key, step.value), '{}')
            from jsonb_each(configs.config -> 'steps') as step
            where step.value ->> 'kind' = 'experiment'
        ) as experiments,
        coalesce(configs.config #> '{guardrails,brakes}', '[]') || coalesce(workspaces.guardrails -> 'brakes', '[]')
            as brakes
    from "033_omnichannel_journey_orchestrator_configs" as configs
    left join "033_omnichannel_journey_orchestrator_workspaces" as workspaces using (workspace_id)
    where configs.status = 'ACTIVE'
) as journeys
where experiments <> '{}' or brakes <> '[]'
order by id;

-- name: count_arms -- by arm: who was given it up to a time, and who of them converted within so many seconds
select
    arm,
    count(*) as customers,
    count(*) filter (where converted_at <= exposed_at + $4::float8 * interval '1 second') as converted
from "033_omnichannel_journey_orchestrator_exposures"
where config_id = $1 and step = $2 and exposed_at <= $3
group by arm;

-- name: count_deliveries -- a journey's messages from a minute on, by outcome
select outcome, sum(messages)::bigint as messages
from "033_omnichannel_journey_orchestrator_deliveries"
where config_id = $1 and minute >= $2
group by outcome;

-- name: find_shares -- what was last decided of a journey's experiments
select step, epoch, shares, is_final, evidence, decided_at
from "033_omnichannel_journey_orchestrator_shares"
where config_id = $1;

-- name: save_shares -- the next decision about an experiment; nothing comes back when another one was made meanwhile
insert into "033_omnichannel_journey_orchestrator_shares" as decided (
    config_id, step, epoch, shares, is_final, evidence, decided_at
)
values ($1::uuid, $2, $3, $4, $5, $6, timestamp 'epoch' + $7::bigint * interval '1 millisecond')
on conflict (config_id, step) do update set
    epoch = excluded.epoch,
    shares = excluded.shares,
    is_final = excluded.is_final,
    evidence = excluded.evidence,
    decided_at = excluded.decided_at
where decided.epoch = excluded.epoch - 1
returning epoch;

-- name: forget_deliveries -- removes counts that no brake looks at any more
delete from "033_omnichannel_journey_orchestrator_deliveries" where minute < $1;
