"""A PostgreSQL database that all services share for their events alone: no broker to look after."""

from ramet.events.brokers.postgres.broker import PostgresBroker

__all__ = ["PostgresBroker"]
