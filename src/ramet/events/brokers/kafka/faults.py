"""What librdkafka says is wrong: its clients reconnect by themselves, and tell errors aside."""

from __future__ import annotations

import logging
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException

from ramet.events.brokers import BrokerUnavailable

log = structlog.get_logger("ramet.events")

LOG = logging.getLogger("ramet.events.kafka")
"""librdkafka's own lines, which it would write to standard error."""

_AUTHENTICATION = frozenset({KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED})
_AWAY = frozenset({KafkaError._ALL_BROKERS_DOWN, *_AUTHENTICATION})


class Faults:
    """The errors that one client has told; `note` is its `error_cb`."""

    def __init__(self) -> None:
        self._last: KafkaError | None = None
        self._away: KafkaError | None = None

    def note(self, error: KafkaError) -> None:
        """Called by librdkafka while it is polled."""
        log.debug("events.broker_error", error=error.str())
        self._last = error
        is_cause = error.fatal() or error.code() in _AUTHENTICATION
        # Who refuses the password is then told to be away, too: the cause is the better remedy.
        if is_cause or (error.code() in _AWAY and self._away is None):
            self._away = error

    def over(self) -> None:
        """The brokers answer again."""
        self._last = self._away = None

    def check(self) -> None:
        """Raise BrokerUnavailable when no broker can be reached, or the client has given up."""
        if self._away is not None:
            raise unavailable(self._away)

    def told(self, error: KafkaError) -> BrokerUnavailable:
        """The exception for an error, or for what had been told before it and explains it."""
        return unavailable(self._away or self._last or error)


def properties(faults: Faults) -> dict[str, Any]:
    """Those that lead what librdkafka says to `faults` and to Python's logging."""
    # Only what is critical: it writes a line at each failed attempt to connect, several a second,
    # and what matters of them is told to `faults` as well.
    return {"error_cb": faults.note, "logger": LOG, "log_level": 2}


def kafka_error(error: KafkaException) -> KafkaError:
    """The error that an exception carries."""
    found: KafkaError = error.args[0]
    return found


def unavailable(error: KafkaError) -> BrokerUnavailable:
    """The exception, with what a person can do."""
    if error.code() in _AUTHENTICATION:
        remedy = "correct user, password and sasl.mechanism in RAMET_BROKER_URL"
    elif error.code() in (
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    ):
        remedy = "let the user of RAMET_BROKER_URL read, write and make the topic and the groups"
    else:
        remedy = "see that the Kafka brokers of RAMET_BROKER_URL run and can be reached"
    return BrokerUnavailable(f"Kafka: {error.str()}", remedy)
