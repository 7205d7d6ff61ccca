"""``python -m orchestrator`` is the same as ``orchestrator``."""

from orchestrator.cli import main

if __name__ == "__main__":
    main()
