"""The Omnichannel Journey Orchestrator: engagement events in, send commands and a record of every decision out."""

__version__ = "0.1.0"
