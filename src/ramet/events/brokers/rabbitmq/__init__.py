"""RabbitMQ: one exchange a system, one quorum queue a service."""

from ramet.events.brokers.rabbitmq.broker import RabbitBroker

__all__ = ["RabbitBroker"]
