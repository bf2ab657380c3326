"""How many runs of each saga stand where and for how long: for metrics, and for who is on call."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import structlog
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import Error, connections, router
from django.db.models import Count, Min, Q
from django.db.models.functions import Now

from ramet.sagas import registry
from ramet.sagas.models import LIVE, SagaRun, Status, Wait

__all__ = ["Counts", "counts", "has_runs", "tell_of_missing_code"]

log = structlog.get_logger("ramet.sagas")


@dataclass(frozen=True, slots=True)
class Counts:
    """The runs of one version of one saga that have not ended. Ages are by the database's clock."""

    saga: str
    version: int
    is_known: bool
    """False: no code in this process knows the version, so its runs wait for it."""
    running: int
    """Those that wait for a reply or a time are among them."""
    waiting: int
    compensating: int
    stuck: int
    """These need a person."""
    oldest_running_seconds: float
    """Since the start of the oldest run that is running or compensating; 0 where there is none."""
    oldest_stuck_seconds: float

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def counts() -> list[Counts]:
    """One entry for each saga and version that has runs which have not ended, sorted by both.

    Reads only those runs, by an index of their own: cheap enough for a scrape every few seconds.
    """
    rows = (
        SagaRun.objects.filter(finished_at__isnull=True)
        .values("name", "version")
        .annotate(
            now=Now(),
            running=Count("pk", filter=Q(status=Status.RUNNING)),
            waiting=Count("pk", filter=Q(status=Status.RUNNING, wait=Wait.OPEN)),
            compensating=Count("pk", filter=Q(status=Status.COMPENSATING)),
            stuck=Count("pk", filter=Q(status=Status.STUCK)),
            oldest=Min("created_at", filter=Q(status__in=LIVE)),
            oldest_stuck=Min("created_at", filter=Q(status=Status.STUCK)),
        )
        .order_by("name", "version")
    )
    return [
        Counts(
            saga=row["name"],
            version=row["version"],
            is_known=registry.find(row["name"], row["version"]) is not None,
            running=row["running"],
            waiting=row["waiting"],
            compensating=row["compensating"],
            stuck=row["stuck"],
            oldest_running_seconds=_seconds(row["oldest"], row["now"]),
            oldest_stuck_seconds=_seconds(row["oldest_stuck"], row["now"]),
        )
        for row in rows
    ]


def has_runs() -> bool:
    """Whether the database has runs, ended ones too; False, with a log line, where it cannot tell.

    Asked once, when a worker is made, where no saga is defined: the last one may have been deleted.
    """
    connection = connections[router.db_for_read(SagaRun)]
    try:
        # Not before the first migration.
        has_table = SagaRun._meta.db_table in connection.introspection.table_names()
        return has_table and SagaRun.objects.exists()
    except Error as error:
        log.info("sagas.not_asked_for_runs", error=str(error), again="when a worker is started")
        return False
    finally:
        if not connection.in_atomic_block:
            connection.close()  # nothing else may ever need it in this thread
            if connection.settings_dict["OPTIONS"].get("pool"):
                # Its threads would be missing in processes that are forked from this one.
                connection.close_pool()  # type: ignore[attr-defined]


def tell_of_missing_code() -> None:
    """Log a warning for each version that has runs which wait for code that is not here."""
    for each in counts():
        if not each.is_known:
            log.warning(
                "saga.waits_for_code",
                saga=each.saga,
                version=each.version,
                runs=_open(each),
                remedy="deploy code that still has this version; see docs/how-to/write-a-saga.md",
            )


@register(Tags.database)
def runs_without_code(
    app_configs: Any = None, databases: Any = None, **kwargs: Any
) -> list[CheckMessage]:
    """ramet.W020: runs of a version that the code has no more. Told by `migrate`, at a deploy."""
    alias = router.db_for_read(SagaRun)
    if alias not in (databases or ()):
        return []
    if SagaRun._meta.db_table not in connections[alias].introspection.table_names():
        return []  # before the first migration
    # No column of a later migration: this runs before them.
    live = SagaRun.objects.filter(finished_at__isnull=True).values_list("name", "version")
    found = live.annotate(runs=Count("pk")).order_by("name", "version")
    return [
        Warning(
            f"{runs} run{'' if runs == 1 else 's'} of {name} version {version} cannot go on: this"
            " code has no such version.",
            hint=f"Keep the old class, with name= and version={version}, until `ramet sagas list"
            f" --saga {name}` shows none of its runs.",
            obj=name,
            id="ramet.W020",
        )
        for name, version, runs in found
        if registry.find(name, version) is None
    ]


def _open(each: Counts) -> int:
    return each.running + each.compensating + each.stuck


def _seconds(since: Any, now: Any) -> float:
    return 0.0 if since is None else round(max(0.0, (now - since).total_seconds()), 1)
