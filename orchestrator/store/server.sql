-- The PostgreSQL server itself.

-- name: picture -- Its version as a number (170002 is 17.2), its clock, and whether it takes writes.
select current_setting('server_version_num')::int as version,
       extract(epoch from clock_timestamp())::float8 as clock_s,
       not pg_is_in_recovery() as is_writable;
