"""NATS JetStream, the default broker: what `ramet up` starts from a wheel."""

from ramet.events.brokers.nats.broker import NatsBroker

__all__ = ["NatsBroker"]
