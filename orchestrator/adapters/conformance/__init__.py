"""Whether an adapter keeps the contract of docs/adapters.md: what is published, and what follows from what was seen."""
