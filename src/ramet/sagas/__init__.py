"""Sagas: persisted sequences of steps over several services, with compensation. A Django app.

Only what is needed to declare a saga is imported here: Django imports this package before models
may be.
"""

from ramet.sagas.definition import Saga
from ramet.sagas.failure import Failure
from ramet.sagas.steps import step

__all__ = ["Failure", "Saga", "step"]
