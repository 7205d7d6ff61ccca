-- What is read of the days of many journeys at once, as columns. PostgreSQL makes them of the day's figures whenever it
-- writes these, so they never differ from them; to take all figures apart at every look took ten times as long.

create function "033_omnichannel_journey_orchestrator_sum_of"(counters jsonb) returns bigint
language sql immutable parallel safe
return (select coalesce(sum(value::bigint), 0)::bigint from jsonb_each_text(counters));
comment on function "033_omnichannel_journey_orchestrator_sum_of" is 'of a group of counters, their sum';

create function "033_omnichannel_journey_orchestrator_arms_to_compare"(metrics jsonb) returns jsonb
language sql immutable parallel safe
return (
    select jsonb_object_agg(arm.key, counters.that_count)
    from jsonb_each(metrics -> 'arms') as arm
    cross join lateral (
        select coalesce(jsonb_object_agg(counter.key, counter.value), '{}') as that_count
        from jsonb_each(arm.value) as counter
        where counter.key in (
            'customers_entered', 'customers_converted', 'goals', 'value', 'value_squares', 'cost', 'past', 'baseline'
        )
    ) as counters
);
comment on function "033_omnichannel_journey_orchestrator_arms_to_compare" is
    'of a day''s figures, those of each arm that a comparison is made of';

alter table "033_omnichannel_journey_orchestrator_metrics"
    add column entered bigint not null
        generated always as (coalesce((metrics ->> 'entered')::bigint, 0)) stored,
    add column customers bigint not null
        generated always as (coalesce((metrics ->> 'customers_entered')::bigint, 0)) stored,
    add column completed bigint not null
        generated always as (coalesce((metrics ->> 'completed')::bigint, 0)) stored,
    add column exited bigint not null
        generated always as ("033_omnichannel_journey_orchestrator_sum_of"(metrics -> 'exited')) stored,
    add column sends bigint not null
        generated always as ("033_omnichannel_journey_orchestrator_sum_of"(metrics -> 'send_requested')) stored,
    add column suppressed bigint not null
        generated always as ("033_omnichannel_journey_orchestrator_sum_of"(metrics -> 'send_suppressed')) stored,
    add column conversions bigint not null
        generated always as (coalesce((metrics ->> 'goals')::bigint, 0)) stored,
    add column customers_converted bigint not null
        generated always as (coalesce((metrics ->> 'customers_converted')::bigint, 0)) stored,
    add column revenue numeric not null
        generated always as (coalesce((metrics ->> 'value')::numeric, 0)) stored,
    add column cost numeric not null
        generated always as (coalesce((metrics ->> 'cost')::numeric, 0)) stored,
    add column arms jsonb
        generated always as ("033_omnichannel_journey_orchestrator_arms_to_compare"(metrics)) stored;
