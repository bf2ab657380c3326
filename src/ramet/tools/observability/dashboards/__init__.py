"""The seven dashboards.

Each shows the four golden signals of what it is about: rate, errors, duration, saturation
(https://sre.google/sre-book/monitoring-distributed-systems/).
"""

from ramet.tools.observability.dashboards.events import EVENTS
from ramet.tools.observability.dashboards.gateway import GATEWAY
from ramet.tools.observability.dashboards.operations import OPERATIONS
from ramet.tools.observability.dashboards.sagas import SAGAS
from ramet.tools.observability.dashboards.service import SERVICE
from ramet.tools.observability.dashboards.system import SYSTEM
from ramet.tools.observability.dashboards.tasks import TASKS_RUN

__all__ = ["DASHBOARDS"]

DASHBOARDS = (SYSTEM, SERVICE, OPERATIONS, EVENTS, SAGAS, TASKS_RUN, GATEWAY)
