-- The record of applied migrations. The lock's number is arbitrary and only has to stay the same.

-- name: lock -- Waits until no other process migrates this database.
select pg_advisory_lock(330331);

-- name: unlock -- Lets the next process migrate.
select pg_advisory_unlock(330331);

-- name: create_history -- The table of what was applied; made by the first migration run.
create table if not exists "033_omnichannel_journey_orchestrator_migrations" (
    number     int primary key,
    name       varchar(255) not null,
    sha256     bytea not null,
    applied_at timestamp not null default now()
);

-- name: has_history -- Whether this database was ever migrated.
select to_regclass('"033_omnichannel_journey_orchestrator_migrations"') is not null;

-- name: history -- Every applied migration, in order.
select number, name, sha256 from "033_omnichannel_journey_orchestrator_migrations" order by number;

-- name: record -- One migration has been applied.
insert into "033_omnichannel_journey_orchestrator_migrations" (number, name, sha256) values ($1, $2, $3);
