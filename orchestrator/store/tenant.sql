-- name: enter -- from now on this session sees one workspace, until the pool takes it back
select set_config('orchestrator.workspace_id', $1, false);

-- name: is_above -- whether row-level security does not bind this session
select rolsuper or rolbypassrls from pg_roles where rolname = current_user;

-- name: step_down -- gives up what a superuser may do, in this session
set role journey_orchestrator_tenant;
