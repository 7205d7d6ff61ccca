-- Fills empty tables at once: see store/bulk.py.

-- name: has_activities -- whether there is any activity
select exists (select from "033_omnichannel_journey_orchestrator_activities");

-- name: indexes -- the indexes of the activities that no constraint needs, with the statements that make them
select indexname as name, indexdef as definition
from pg_indexes
where schemaname = current_schema() and tablename = '033_omnichannel_journey_orchestrator_activities'
    and not exists (select from pg_constraint where conname = indexname)
order by indexname;

-- name: backdate -- these journeys began at a time
update "033_omnichannel_journey_orchestrator_configs"
set created_at = $2::timestamp + number * interval '1 second',
    updated_at = $2::timestamp + number * interval '1 second',
    activated_at = $2::timestamp, resumed_at = $2::timestamp
from unnest($1::uuid[]) with ordinality as journey (journey_id, number)
where id = journey_id;

-- name: save_variants -- how the arms of experiments fared, by the quarter of an hour
insert into "033_omnichannel_journey_orchestrator_variants" (
    config_id, quarter, step, arm, customers, customers_converted
)
select * from unnest($1::uuid[], $2::timestamp[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]);
