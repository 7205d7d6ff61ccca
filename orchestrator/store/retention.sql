-- What is deleted because of its age: see api/retention.py. The figures of the days and the participants stay.

-- name: journeys -- all journeys, whatever their workspace and status
select id from "033_omnichannel_journey_orchestrator_configs" order by id;

-- name: forget_activities -- Deletes a journey's oldest activities after a place in their order, and runs with their ends.
-- A batch at a time along the index by which they are listed, backwards. Left where they are: those of a run that is not
-- over for as long, which say why it stands where it stands; those recorded only lately, whose ids the sink still needs
-- to know them again; and who was merged into whom, which an erasure follows.
with batch as (
    select id, run_id, created_at, recorded_at, activity_type
    from "033_omnichannel_journey_orchestrator_activities"
    where config_id = $1 and created_at < $2 and (created_at, id) > ($3::timestamp, $4::uuid)
    order by created_at, id
    limit $5
), gone as (
    delete from "033_omnichannel_journey_orchestrator_activities" as activity
    using batch
    left join "033_omnichannel_journey_orchestrator_runs" as run on run.run_id = batch.run_id
    where activity.id = batch.id and batch.recorded_at < $2 and batch.activity_type <> 'run_adopted'
        and (run.run_id is null or (run.status = 'ended' and run.moved_at < $2))
    returning activity.run_id, activity.activity_type
), runs as (
    delete from "033_omnichannel_journey_orchestrator_runs" as run
    using gone
    where run.run_id = gone.run_id and gone.activity_type in ('run_completed', 'run_exited')
        and run.status = 'ended' and run.moved_at < $2
    returning run.run_id
)
select
    (select count(*) from batch) as seen, (select count(*) from gone) as activities, (select count(*) from runs) as runs,
    last.created_at, last.id
from (select created_at, id from batch order by created_at desc, id desc limit 1) as last;

-- name: forget_refusals -- Deletes some of the records that could not be used; they are on no index by age, and few.
delete from "033_omnichannel_journey_orchestrator_refusals"
where id in (select id from "033_omnichannel_journey_orchestrator_refusals" where created_at < $1 limit $2);
