-- Logins that read the views in the schema "reporting", and nothing else. Statements about roles take no parameters, so
-- PostgreSQL itself writes them down here, names quoted, and they are run (or printed) as they come.

-- name: admission -- what makes a login a reader of some workspaces, in order; what begins with "create role" is for a new one
select statement
from unnest(array[
    case when not exists (select from pg_roles where rolname = $1) then
        format('create role %I login noinherit connection limit 20 password %L', $1::text, $3::text)
    end,
    format('alter role %I set default_transaction_read_only = on', $1),
    format('alter role %I set statement_timeout = %L', $1, '60s'),
    format('alter role %I set idle_in_transaction_session_timeout = %L', $1, '60s'),
    format('alter role %I set search_path = reporting', $1),
    format('alter role %I set timezone = %L', $1, 'UTC'),
    format('grant usage on schema reporting to %I', $1),
    format('grant select on all tables in schema reporting to %I', $1),
    format('alter default privileges in schema reporting grant select on tables to %I', $1),
    format('delete from "033_omnichannel_journey_orchestrator_readers" where login = %L', $1),
    (
        select string_agg(
            format(
                'insert into "033_omnichannel_journey_orchestrator_readers" (login, workspace_id) values (%L, %L)', $1, id
            ),
            '; '
        )
        from unnest($2::text[]) as id
    )
]) with ordinality as ordered (statement, place)
where statement is not null
order by place;

-- name: dismissal -- what makes a login a reader no more, in order
select statement
from unnest(array[
    format('delete from "033_omnichannel_journey_orchestrator_readers" where login = %L', $1::text),
    format('alter default privileges in schema reporting revoke select on tables from %I', $1),
    format('revoke all on all tables in schema reporting from %I', $1),
    format('revoke all on schema reporting from %I', $1)
]) with ordinality as ordered (statement, place)
order by place;

-- name: renewal -- gives a login a new password
select format('alter role %I password %L', $1::text, $2::text);

-- name: excess -- what a login may do beyond connecting and reading the views; without rows: nothing
select what
from (
    select 1 as place, 'it is a superuser, or may create databases or roles, replicate, or pass row-level security' as what
    from pg_roles
    where rolname = $1 and (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)
    union all
    select 2, format('it is a member of %s', string_agg(granted.rolname, ', ' order by granted.rolname))
    from pg_auth_members as membership
    join pg_roles as member on member.oid = membership.member
    join pg_roles as granted on granted.oid = membership.roleid
    where member.rolname = $1
    having count(*) > 0
    union all
    select 3, format('it may create things in the schema %I', nspname)
    from pg_namespace
    where has_schema_privilege($1, oid, 'create') and nspname !~ '^pg_'
    union all
    select 4, format('it has rights on %I.%I', nspname, relname)
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'p', 'v', 'm', 'f')
        and nspname not in ('pg_catalog', 'information_schema', 'reporting') and nspname !~ '^pg_(toast|temp)'
        and (
            has_any_column_privilege($1, pg_class.oid, 'select, insert, update, references')
            or has_table_privilege($1, pg_class.oid, 'delete, truncate, trigger')
        )
        -- Of an extension: it has given them to everybody, and looks after what it shows.
        and not exists (
            select from pg_depend
            where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e'
        )
) as found
order by place, what
limit 5;

-- name: lack -- what a login would need besides
select 'it may not log in; it needs the attribute login' from pg_roles where rolname = $1 and not rolcanlogin
union all
select format('it may not connect to this database; grant connect on database %I to it', current_database())
where not has_database_privilege($1, current_database(), 'connect');

-- name: is_there -- whether there is such a login
select exists (select from pg_roles where rolname = $1);

-- name: readers -- every reader with the workspaces that they read
select login::text, array_agg(workspace_id::text order by workspace_id) as workspaces
from "033_omnichannel_journey_orchestrator_readers"
group by login
order by login;
