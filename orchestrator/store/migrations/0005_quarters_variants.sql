-- Figures by the quarter of an hour, for days in any zone; how the arms of experiments fare, by the same; and since when
-- a run stands where it stands.

-- What of a day's figures can be added up: see store/quarters.py. Neither table refers to a journey by a constraint: the
-- sink holds the journey's row while it writes.
create table "033_omnichannel_journey_orchestrator_quarters" (
    config_id uuid not null,
    quarter   timestamp not null,
    metrics   jsonb not null,
    primary key (config_id, quarter)
) with (fillfactor = 70); -- the newest quarter is written again and again
comment on column "033_omnichannel_journey_orchestrator_quarters".quarter is 'its first instant';

create table "033_omnichannel_journey_orchestrator_variants" (
    config_id           uuid not null,
    quarter             timestamp not null,
    step                text not null,
    arm                 text not null,
    customers           bigint not null,
    customers_converted bigint not null,
    primary key (config_id, quarter, step, arm)
);
comment on column "033_omnichannel_journey_orchestrator_variants".customers is
    'who were given this arm of the experiment first in this quarter of an hour';
comment on column "033_omnichannel_journey_orchestrator_variants".customers_converted is
    'who had been given it, and reached the goal in the same run in this quarter of an hour';

-- Who was given an arm is on record from the beginning, so these figures are whole.
insert into "033_omnichannel_journey_orchestrator_variants" (
    config_id, quarter, step, arm, customers, customers_converted
)
select config_id, date_bin('15 minutes', at, timestamp 'epoch'), step, arm, sum(customers), sum(customers_converted)
from (
    select config_id, exposed_at as at, step, arm, 1 as customers, 0 as customers_converted
    from "033_omnichannel_journey_orchestrator_exposures"
    union all
    select config_id, converted_at, step, arm, 0, 1
    from "033_omnichannel_journey_orchestrator_exposures"
    where converted_at is not null
) as counted
group by 1, 2, 3, 4;

alter table "033_omnichannel_journey_orchestrator_runs" add column arrived_at timestamp;
comment on column "033_omnichannel_journey_orchestrator_runs".arrived_at is
    'since when it stands at its step; null: it stood there before this was kept, at the latest since moved_at';

do $$
declare
    prefix constant text := '033_omnichannel_journey_orchestrator_';
    mine constant text := 'current_setting(''orchestrator.workspace_id'', true)';
    tenant constant text := 'journey_orchestrator_tenant';
    part text;
    rule text;
begin
    foreach part in array array['quarters', 'variants'] loop
        rule := format('%s = ''*'' or config_id in (select id from %I)', mine, prefix || 'configs');
        execute format('alter table %I enable row level security', prefix || part);
        execute format('alter table %I force row level security', prefix || part);
        execute format('create policy own_workspace on %I using (%s) with check (%s)', prefix || part, rule, rule);
        if exists (select from pg_roles where rolname = tenant) then
            execute format('grant select on %I to %I', prefix || part, tenant);
        end if;
    end loop;
end
$$;
