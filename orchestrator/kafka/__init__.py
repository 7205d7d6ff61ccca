"""The one place that builds Kafka clients, and the topics they use."""
