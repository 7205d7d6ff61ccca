-- What customers did before they entered, so that the comparison can take the past out. Null: it was not kept, since the
-- journey did not ask for it when the customer first entered.
alter table "033_omnichannel_journey_orchestrator_participants"
    add column past int check (past >= 0),
    add column was_active boolean;
comment on column "033_omnichannel_journey_orchestrator_participants".past is
    'events of the goal''s type before the first entry, within the time that the journey compares; 16 at most';
comment on column "033_omnichannel_journey_orchestrator_participants".was_active is
    'whether one of them came as shortly before the first entry as the goal may come after it';
