"""Journeys without Kafka: read from files, played against their own tests, history or made-up people."""
