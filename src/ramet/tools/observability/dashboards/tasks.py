"""Celery's tasks, by name."""

from ramet.tools.observability.asking import TASKS, narrowed, rate, slowest
from ramet.tools.observability.grafana import Dashboard, Panel, Query

__all__ = ["TASKS_RUN"]

_TASK = '{celery_task_name=~"$task"}'

TASKS_RUN = Dashboard(
    "tasks",
    "Tasks",
    "Celery's tasks: how often they run, how they end, how long they take.",
    (
        Panel(
            "Runs",
            "By task, however they end.",
            "ops",
            (Query(rate(f"{TASKS}_count{_TASK}", "celery_task_name"), "{{celery_task_name}}"),),
        ),
        Panel(
            "Runs that failed or are tried again",
            "A failed one is not tried again: what it was to do is not done.",
            "ops",
            (
                Query(
                    rate(
                        f"{TASKS}_count" + narrowed(_TASK, 'ramet_outcome!="done"'),
                        "celery_task_name, ramet_outcome",
                    ),
                    "{{celery_task_name}} {{ramet_outcome}}",
                ),
            ),
        ),
        Panel(
            "Duration",
            "Half of the runs of a task are quicker than the first, 95% than the second.",
            "s",
            tuple(
                Query(slowest(share, TASKS, _TASK, "celery_task_name"), legend)
                for share, legend in (
                    (0.5, "{{celery_task_name}} p50"),
                    (0.95, "{{celery_task_name}} p95"),
                )
            ),
        ),
        Panel(
            "At work",
            "Runs at a time, on average: near the number of Celery's processes, tasks wait.",
            "short",
            (Query(rate(f"{TASKS}_sum{_TASK}", "job"), "{{job}}"),),
        ),
    ),
    (("task", "Task", f"label_values({TASKS}_count, celery_task_name)"),),
)
