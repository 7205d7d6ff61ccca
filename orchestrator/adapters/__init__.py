"""The reference channel adapters, and what tells whether any adapter keeps the contract: docs/adapters.md."""
