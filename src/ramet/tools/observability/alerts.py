"""What somebody should hear of, each with what to do then: the rule and the runbook are one thing.

`page`: somebody gets up. `ticket`: within the next working days.
"""

from __future__ import annotations

from dataclasses import dataclass

from ramet.tools.observability.objectives import BURNS, OBJECTIVES, Objective, burning

__all__ = ["ALERTS", "Alert"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `summary` and `text` are templates of Prometheus; `means`, `look` and `mend` are
    the runbook: what it is, where to look, what helps."""

    name: str
    expr: str
    lasting: str
    severity: str
    summary: str
    means: str
    look: tuple[str, ...]
    mend: tuple[str, ...]


def _burns(objective: Objective, name: str, severity: str, look: tuple[str, ...]) -> Alert:
    used = ", or ".join(burn.used for burn in BURNS if burn.severity == severity)
    return Alert(
        name,
        burning(objective, severity),
        "2m" if severity == "page" else "15m",
        severity,
        f"{{{{ $labels.{objective.by} }}}}: too few {objective.title}",
        f"It is promised that over 30 days {objective.share * 100:g}% of {objective.title}. What"
        f" may go wrong is being used up too quickly: {used}.",
        look,
        (
            "If it began with a deployment, take that back.",
            "If one dependency is at fault, see its own alerts, and mend it there.",
            "If it is load: `ramet scale SERVICE=N`, or more replicas.",
        ),
    )


_ERRORS, _SLOW, _CALLS, _FETCHES = OBJECTIVES
_LOOK_AT_REQUESTS = (
    "Dashboard *Ramet / Service*: which route, since when, what else changed then.",
    "`ramet logs SERVICE --level error --since 1h`, and from a line to its trace.",
    "`ramet status`: is a service degraded, and why?",
)
_LOOK_AT_CALLS = (
    "Dashboard *Ramet / Operations*: which operation, which caller, which code.",
    "`deadline_exceeded`: it is slow; `unavailable`: it or its database is away; `internal`: a bug,"
    " whose traceback is in the callee's log under the error's id.",
    "`ramet explain CALLER CONTRACT.OPERATION` says what deadline and retries hold.",
)
_LOOK_AT_FETCHES = (
    "Dashboard *Ramet / Operations*: fetches by callee and outcome, and who fetches.",
    "`5xx` is the callee's own answer: its log has the traceback. `deadline_exceeded`: it is slow;"
    " `unavailable`: it is away.",
    "A program that is not Django has no log lines of ours: `ramet logs SERVICE` has its output.",
)

ALERTS = (
    _burns(_ERRORS, "RametRequestsFail", "page", _LOOK_AT_REQUESTS),
    _burns(_ERRORS, "RametRequestsFailSlowly", "ticket", _LOOK_AT_REQUESTS),
    _burns(_SLOW, "RametRequestsSlow", "page", _LOOK_AT_REQUESTS),
    _burns(_SLOW, "RametRequestsSlowSlowly", "ticket", _LOOK_AT_REQUESTS),
    _burns(_CALLS, "RametCallsFail", "page", _LOOK_AT_CALLS),
    _burns(_CALLS, "RametCallsFailSlowly", "ticket", _LOOK_AT_CALLS),
    _burns(_FETCHES, "RametFetchesFail", "page", _LOOK_AT_FETCHES),
    _burns(_FETCHES, "RametFetchesFailSlowly", "ticket", _LOOK_AT_FETCHES),
    Alert(
        "RametTargetDown",
        'up{job=~"ramet-.*"} == 0',
        "2m",
        "page",
        "{{ $labels.job }} does not answer Prometheus",
        "No process of this service, or Envoy, could be asked for its metrics.",
        (
            "`ramet status`: does it run, how often was it restarted, what does its note say?",
            "`ramet logs SERVICE` for the last lines before it ended.",
        ),
        (
            "If it does not start after a change, take the change back.",
            "If it was ended for want of memory, give it more, or find out what it holds.",
        ),
    ),
    Alert(
        "RametEventLagGrows",
        "max by (job, ramet_handler) (ramet_events_oldest_waiting_seconds) > 300"
        " and max by (job, ramet_handler) (deriv(ramet_events_oldest_waiting_seconds[15m])) > 0",
        "10m",
        "ticket",
        "{{ $labels.ramet_handler }} is {{ $value | humanizeDuration }} behind, and falls back",
        "Events arrive faster than this handler works them off, or it stands still.",
        (
            "Dashboard *Ramet / Events*: events waiting, retried and handled of this handler.",
            "`ramet events lag`: does it retry? Then an event fails again and again, and those of"
            " its key wait behind it.",
            "Are there workers? `ramet status` and the alert RametTargetDown.",
        ),
        (
            "If it fails: mend what it calls, or its code.",
            "If it is slow: a handler that calls others does so for each event; more workers, or"
            ' `RAMET_EVENTS["handler_threads"]`.',
        ),
    ),
    Alert(
        "RametDeadLetters",
        "max by (job, ramet_handler) (ramet_events_dead) > 0",
        "1m",
        "ticket",
        "{{ $value }} events that {{ $labels.ramet_handler }} gave up on",
        "All attempts of a handler failed. The event is kept, and has had no effect.",
        (
            "`ramet events dead`: which events, and the traceback of the last attempt.",
            "`forged` in the error: it was not sent by the service that it names.",
        ),
        (
            "Mend the cause, then `ramet events replay ID`, or `--handler NAME` for all of it.",
            "If the event can never be right, `ramet events discard ID`; it is kept all the same.",
        ),
    ),
    Alert(
        "RametEventsHeld",
        "max by (job, ramet_handler) (ramet_events_held) > 0",
        "30m",
        "ticket",
        "{{ $value }} events wait for newer code of {{ $labels.ramet_handler }}",
        "They have a version that this code does not know. They lose nothing by waiting.",
        ("`ramet events lag`: of which types they are. Is a deployment half done?",),
        ("Deploy the code that knows the version, or bring the publisher back to the former one.",),
    ),
    Alert(
        "RametRelayStalled",
        "max by (job) (ramet_events_oldest_unsent_seconds) > 60"
        " unless on (job) sum by (job) (rate(ramet_events_sent_total[5m])) > 0",
        "2m",
        "page",
        "{{ $labels.job }} has events to send and sends none",
        "What was published is safe in the outbox, and nobody hears of it.",
        (
            "`ramet logs SERVICE-worker`: does it say that the broker is away or refuses?",
            "Does its worker run? `ramet status`.",
            "Does the broker answer, and has it room on its disk?",
        ),
        (
            "Start the worker, or mend the broker: what waits is sent then, in order.",
            "If one event is refused, its key waits: the log names it.",
        ),
    ),
    Alert(
        "RametSagaStuck",
        "sum by (job, ramet_saga) (max by (job, ramet_saga, version)"
        ' (ramet_sagas_runs{status="stuck"})) > 0',
        "1m",
        "ticket",
        "{{ $value }} runs of {{ $labels.ramet_saga }} need a person",
        "A step after the point of no return was refused, or an undo failed to the end.",
        ("`ramet sagas list --status stuck`, and `ramet sagas show ID` for what happened when.",),
        (
            "Mend the cause, then `ramet sagas resume ID`.",
            "`ramet sagas compensate ID` where it shall go back instead.",
        ),
    ),
    Alert(
        "RametSagaSlow",
        "max by (job, ramet_saga) (ramet_sagas_oldest_running_seconds) > 3600",
        "5m",
        "ticket",
        "A run of {{ $labels.ramet_saga }} has been under way for {{ $value | humanizeDuration }}",
        "It retries a step, or waits for a reply. Where an hour is usual, raise the limit.",
        ("`ramet sagas list`, `ramet sagas show ID`: on which step, with which error.",),
        ("Mend what the step calls; it goes on by itself.",),
    ),
    Alert(
        "RametSagaWithoutCode",
        "max by (job, ramet_saga, version) (ramet_sagas_without_code) > 0",
        "10m",
        "ticket",
        "Runs of {{ $labels.ramet_saga }} version {{ $labels.version }} have no code",
        "A deployment took away a version that still has runs. They wait.",
        ("`ramet sagas list --saga NAME`: how many, and where they stand.",),
        ("Deploy the class of that version again until its runs have ended.",),
    ),
    Alert(
        "RametTasksFail",
        "sum by (job, celery_task_name)"
        ' (rate(ramet_tasks_run_duration_seconds_count{ramet_outcome="failed"}[15m]))'
        " / sum by (job, celery_task_name) (rate(ramet_tasks_run_duration_seconds_count[15m]))"
        " > 0.05",
        "10m",
        "ticket",
        "{{ $value | humanizePercentage }} of the runs of {{ $labels.celery_task_name }} fail",
        "They are not tried again: Celery forgets a task that has failed for good, and what it was"
        " to do is not done.",
        (
            "Dashboard *Ramet / Tasks*: since when, and are others retried as well?",
            "`ramet logs SERVICE --level error`: the traceback, and from there to the trace, which"
            " begins with what published the task.",
        ),
        (
            "Mend the cause, and publish what was lost again: the traces name their requests.",
            "What must not be lost belongs into an event's handler: its failures are dead letters,"
            " which can be replayed.",
        ),
    ),
    Alert(
        "RametTasksRetried",
        "sum by (job, celery_task_name)"
        ' (rate(ramet_tasks_run_duration_seconds_count{ramet_outcome="retried"}[15m]))'
        " / sum by (job, celery_task_name) (rate(ramet_tasks_run_duration_seconds_count[15m]))"
        " > 0.5",
        "30m",
        "ticket",
        "{{ $labels.celery_task_name }} is mostly tried again",
        "More than half of its runs end with another try: what it needs is away, or it asks too"
        " early. Once its retries are used up, it fails.",
        (
            "Dashboard *Ramet / Tasks*: runs by outcome, and how long they take.",
            "A trace of it: the run's error says what it waits for.",
        ),
        ("Mend what it needs.", "If it waits for something as a rule: a longer `countdown`."),
    ),
    Alert(
        "RametThreadsBusy",
        "sum by (job, pool) (ramet_threads_busy) / sum by (job, pool) (ramet_threads_most) > 0.9",
        "10m",
        "ticket",
        "{{ $labels.job }}: nearly all threads for {{ $labels.pool }} are at work",
        "Whatever comes now waits for a thread. Requests wait in Envoy, events in the inbox.",
        (
            "Are they slow, or many? Dashboard *Ramet / Service*: rate and duration.",
            "Slow ones often wait for another service, or for the database: a trace says which.",
        ),
        ("More processes: `ramet scale SERVICE=N`.", "Make the slow ones quicker."),
    ),
    Alert(
        "RametDatabaseConnections",
        "sum by (job) (max by (job, state) (ramet_database_connections))"
        " / on (job) max by (job) (ramet_database_connections_most) > 0.8",
        "10m",
        "ticket",
        "{{ $labels.job }} uses most of the connections of its database server",
        "When none is left, whoever needs one fails.",
        (
            "Dashboard *Ramet / Service*: how many of them are idle in a transaction?",
            "Processes times threads is what a service may hold.",
        ),
        ("Fewer processes or threads, a pooler in between, or more connections at the server.",),
    ),
    Alert(
        "RametDatabasePoolWaits",
        "sum by (job, db_client_connection_pool_name)"
        " (rate(ramet_database_pool_waited_seconds_total[5m])) > 1",
        "10m",
        "ticket",
        "{{ $labels.job }}: {{ $value }} threads wait for a connection to"
        " {{ $labels.db_client_connection_pool_name }} on average",
        "Django's pool of connections is smaller than what its threads need at once. Whoever waits"
        " longer than the pool's `timeout` fails.",
        (
            "Dashboard *Ramet / Service*: are all connections of the pool used, and since when?",
            "Do transactions last longer than they did? They hold a connection to their end: a call"
            " to another service within one is the usual reason.",
        ),
        (
            "A larger `max_size` in the option `pool`, up to the threads of a process.",
            "Shorter transactions; no calls within them.",
        ),
    ),
    Alert(
        "RametCertificateEnds",
        "min by (job, envoy_tls_certificate) ("
        'envoy_cluster_ssl_certificate_expiration_unix_time_seconds{envoy_tls_certificate!="authority"}'
        ") - time() < 6 * 3600"
        " or min by (job, envoy_tls_certificate) ("
        'envoy_cluster_ssl_certificate_expiration_unix_time_seconds{envoy_tls_certificate="authority"}'
        ") - time() < 30 * 86400",
        "5m",
        "page",
        "The certificate of {{ $labels.envoy_tls_certificate }} ends in"
        " {{ $value | humanizeDuration }}",
        "Certificates of the mesh live for a day and are renewed at half of it. One that is so near"
        " its end was not renewed; after it, every call to or from that service fails. The"
        " authority's own is told of thirty days before.",
        (
            "`ramet certificates list`, or cert-manager's or SPIRE's log: why was it not renewed?",
            "Does Envoy watch the file that was renewed?",
        ),
        (
            "Renew it by hand; Envoy takes it up at once.",
            "The authority's: `ramet certificates rotate`; no connection is cut.",
        ),
    ),
    Alert(
        "RametTelemetryDropped",
        "sum by (job, signal, reason) (rate(ramet_telemetry_dropped_total[5m])) > 0",
        "10m",
        "ticket",
        "{{ $labels.job }} loses {{ $labels.signal }}: {{ $labels.reason }}",
        "The collector is away, slow, or refuses. Nothing else suffers from it.",
        (
            "`ramet logs SERVICE`: the line `telemetry.not_delivered` has the problem.",
            "Does the collector answer at RAMET_TELEMETRY_URL?",
        ),
        ("Mend or scale the collector, or lower `[telemetry] sample`.",),
    ),
    Alert(
        "RametMetricsUnread",
        "min by (job, source) (ramet_metrics_source_up) == 0",
        "5m",
        "ticket",
        "{{ $labels.job }} cannot read its {{ $labels.source }}",
        "Lag, dead letters and sagas are not known: alerts on them are blind.",
        ("`ramet logs SERVICE`: the line `metrics.source_failed` has the error.",),
        ("Mostly the database: see `/readyz`, and `ramet status`.",),
    ),
)
