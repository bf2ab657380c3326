"""What the traces say should be built differently, with the evidence.

One module for each kind of finding: its threshold, one query, one sentence. What is seldom is no
finding: below 20 traces in the last hour nothing is said at all.
"""

from ramet.tools.dashboard.advice.finding import Declared, Finding
from ramet.tools.dashboard.advice.findings import findings
from ramet.tools.dashboard.advice.lately import Lately

__all__ = ["Declared", "Finding", "Lately", "findings"]
