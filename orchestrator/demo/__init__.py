"""``orchestrator demo``: everything started, real purchases replayed, what happened computed twice and compared."""
