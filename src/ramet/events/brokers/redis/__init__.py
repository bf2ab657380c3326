"""Redis Streams: for teams that run Redis already and accept what its durability is."""

from ramet.events.brokers.redis.broker import RedisBroker

__all__ = ["RedisBroker"]
