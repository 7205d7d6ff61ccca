-- A change of the workspace's settings waits for a second person as one of a journey does.

alter table "033_omnichannel_journey_orchestrator_proposals" alter column config_id drop not null;
alter table "033_omnichannel_journey_orchestrator_proposals" add column before jsonb;
comment on column "033_omnichannel_journey_orchestrator_proposals".config_id is
    'the journey that is to change; null: the settings of the workspace are';
comment on column "033_omnichannel_journey_orchestrator_proposals".before is
    'of settings: those that are to change, as they were; of a journey null, since its versions are kept';
alter table "033_omnichannel_journey_orchestrator_proposals"
    add constraint "033_omnichannel_journey_orchestrator_proposals_subject" check ((config_id is null) = (before is not null));
