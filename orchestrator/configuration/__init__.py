"""What an installation is told by its environment: shown, explained, and tried on the servers it names."""
