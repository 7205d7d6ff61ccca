"""Kafka and PostgreSQL on this machine without Docker, for the demo, for trials and for tests."""
