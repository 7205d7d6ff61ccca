-- name: take_order -- makes transactions that append commit one after another, so that ids and commits have one order
select pg_advisory_xact_lock(33, 1);

-- name: append -- writes records in the order given
insert into "033_omnichannel_journey_orchestrator_outbox" (key, value)
select record.key, record.value
from unnest($1::text[], $2::bytea[]) with ordinality as record (key, value, place)
order by record.place
returning id;

-- name: append_event -- writes an engagement event
insert into "033_omnichannel_journey_orchestrator_outbox" (topic, key, value, headers)
values ('events', $1, $2, $3)
returning id;

-- name: take_lead -- whether this session may relay now; it may until it ends
select pg_try_advisory_lock(33, 2);

-- name: pending -- the oldest records that Kafka has not acknowledged; configs before events, however many of those wait
with configs as (
    select id, topic, key, value, headers, created_at
    from "033_omnichannel_journey_orchestrator_outbox"
    where topic is null
    order by id
    limit $1
),
events as (
    select id, topic, key, value, headers, created_at
    from "033_omnichannel_journey_orchestrator_outbox"
    where topic is not null
    order by id
    limit $1
)
select * from configs union all select * from events
order by topic nulls first, id
limit $1;

-- name: oldest_config -- the oldest that Kafka has not acknowledged
select min(id) from "033_omnichannel_journey_orchestrator_outbox" where topic is null;

-- name: oldest_event -- the oldest that Kafka has not acknowledged
select min(id) from "033_omnichannel_journey_orchestrator_outbox" where topic is not null;

-- name: count_pending -- how many records wait
select count(*) from "033_omnichannel_journey_orchestrator_outbox";

-- name: forget -- removes records that Kafka has acknowledged
delete from "033_omnichannel_journey_orchestrator_outbox" where id = any($1::bigint[]);

-- name: announce -- wakes every API process, which may wait for these records
select pg_notify('journey_outbox_relayed', $1::text || ':' || $2::bigint::text);
