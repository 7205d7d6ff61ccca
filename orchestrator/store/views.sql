-- The views of the schema "reporting", as PostgreSQL knows them.

-- name: columns -- every column of every view, with its type and the comments
select
    view.relname::text as view,
    obj_description(view.oid, 'pg_class') as about_view,
    shown.attname::text as name,
    format_type(shown.atttypid, shown.atttypmod) as type,
    col_description(view.oid, shown.attnum) as about
from pg_class as view
join pg_attribute as shown on shown.attrelid = view.oid and shown.attnum > 0 and not shown.attisdropped
where view.relnamespace = 'reporting'::regnamespace and view.relkind = 'v'
order by view.relname, shown.attnum;

-- name: select_of -- the statement that reads rows of a view in an order: $2 says of what, as store/view_rows.py has it
select format(
    'select %s from reporting.%I where %s order by %s',
    string_agg(
        format(case when format_type(atttypid, null) = 'jsonb' then '%I::text as %1$I' else '%I' end, attname),
        ', ' order by attnum
    ),
    $1::text,
    case $2::text
        when 'workspace' then 'workspace_id = $1'
        when 'day' then 'workspace_id = $1 and date = $2'
        when 'journey' then 'journey_id = $1'
        when 'moment' then 'journey_id = $1 and at between $2 and $3' -- the last microsecond is of the day
    end,
    (select string_agg(format('%I', name), ', ' order by place) from unnest($3::text[]) with ordinality as o (name, place))
)
from pg_attribute
where attrelid = format('reporting.%I', $1)::regclass and attnum > 0 and not attisdropped;

-- name: journeys -- every journey that this login may read, by workspace
select workspace_id::text, journey_id from reporting.journeys order by workspace_id, journey_id;
