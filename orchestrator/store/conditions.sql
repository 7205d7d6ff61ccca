-- Conditions that several queries share: a line "-- include: name" of a query stands for the block of this name.

-- name: sought -- a journey of these is one that is sought: by status (null: all but archived), campaign, part of the name
(status = $2 or ($2::text is null and status <> 'ARCHIVED'))
and ($3::text is null or campaign_id = $3)
and ($4::text is null or position(lower($4) in lower(name)) > 0)
