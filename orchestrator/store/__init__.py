"""PostgreSQL: the only room that speaks SQL. Queries are ``.sql`` files, migrations are numbered ones."""
