-- name: create_hook -- writes a hook, unless the workspace has as many as it may; one of this id stays as it is
insert into "033_omnichannel_journey_orchestrator_hooks" (id, workspace_id, name, mapping, is_enabled, secret)
select $2::uuid, $1::varchar, $3::text, $4::jsonb, $5::boolean, $6::bytea
where (select count(*) from "033_omnichannel_journey_orchestrator_hooks" where workspace_id = $1::varchar) < $7
on conflict (id) do nothing
returning *;

-- name: find_hook -- the hook of this id
select * from "033_omnichannel_journey_orchestrator_hooks" where workspace_id = $1 and id = $2;

-- name: find_hook_to_change -- the same, held until the transaction ends
select * from "033_omnichannel_journey_orchestrator_hooks" where workspace_id = $1 and id = $2 for update;

-- name: find_hook_of_anyone -- a hook by its address alone, in whatever workspace: its signature is still to be checked
select * from "033_omnichannel_journey_orchestrator_hooks" where id = $1;

-- name: list_hooks -- every hook of a workspace, newest first
select * from "033_omnichannel_journey_orchestrator_hooks"
where workspace_id = $1
order by created_at desc, id desc;

-- name: change_hook -- writes what a hook is from now on
update "033_omnichannel_journey_orchestrator_hooks"
set name = $3, mapping = $4, is_enabled = $5, secret = $6, old_secret = $7, old_secret_until = $8,
    updated_at = clock_timestamp()
where workspace_id = $1 and id = $2
returning *;

-- name: delete_hook -- forgets a hook and its secrets
delete from "033_omnichannel_journey_orchestrator_hooks" where workspace_id = $1 and id = $2 returning *;

-- name: keep_refusals -- puts refusals before those on record, of which only the newest are kept
update "033_omnichannel_journey_orchestrator_hooks"
set refusals = (
    select coalesce(jsonb_agg(each.value order by each.place), '[]')
    from jsonb_array_elements($3::jsonb || refusals) with ordinality as each (value, place)
    where each.place <= $4
)
where workspace_id = $1 and id = $2;
