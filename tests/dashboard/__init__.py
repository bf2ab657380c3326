"""A dashboard to test: as a process of its own, and with the telemetry of a shop in it."""
