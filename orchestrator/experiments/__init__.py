"""Who is treated, and what difference it makes: assignment by hash, statistics that are safe to look at daily."""
