"""Apache Kafka, and what speaks its protocol: one topic a system, one group a service."""

from ramet.events.brokers.kafka.broker import KafkaBroker

__all__ = ["KafkaBroker"]
