"""What the traces say should be built differently, with the evidence."""

from ramet.tools.dashboard.advice.findings import Declared, Finding, findings

__all__ = ["Declared", "Finding", "findings"]
