"""Each alert is raised by what it is for, and by nothing else: played to Debian's promtool."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ramet.system import load
from ramet.tools.observability.alerts import ALERTS
from ramet.tools.observability.files import files

ROOT = Path(__file__).parents[3]
PROMTOOL = shutil.which("promtool")

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="no promtool (apt-get install prometheus)")

_REQUESTS = "http_server_request_duration_seconds"
_CALLS = "rpc_client_call_duration_seconds"
_END = "envoy_cluster_ssl_certificate_expiration_unix_time_seconds"


def share(selector: str, all_of: str, bad: int, of: int, steps: int) -> dict[str, str]:
    """Two series of so many steps, each with so many bad ones of so many."""
    return {selector: f"0+{bad}x{steps}", all_of: f"0+{of}x{steps}"}


def failing(bad: int, steps: int = 120) -> dict[str, str]:
    return share(
        f'{_REQUESTS}_count{{ramet_service="orders",http_response_status_code="503"}}',
        f'{_REQUESTS}_count{{ramet_service="orders",http_response_status_code="200"}}',
        bad,
        1000 - bad,
        steps,
    )


def slow(bad: int, steps: int = 120) -> dict[str, str]:
    return share(
        f'{_REQUESTS}_bucket{{ramet_service="orders",le="0.5"}}',
        f'{_REQUESTS}_count{{ramet_service="orders"}}',
        1000 - bad,
        1000,
        steps,
    )


def faults(bad: int, steps: int = 120, code: str = "internal") -> dict[str, str]:
    return share(
        f'{_CALLS}_count{{ramet_callee="products",rpc_response_status_code="{code}"}}',
        f'{_CALLS}_count{{ramet_callee="products",rpc_response_status_code="ok"}}',
        bad,
        1000 - bad,
        steps,
    )


def fetches(bad: int, steps: int = 120, outcome: str = "5xx") -> dict[str, str]:
    return share(
        f'ramet_fetch_duration_seconds_count{{ramet_callee="shipping",ramet_outcome="{outcome}"}}',
        'ramet_fetch_duration_seconds_count{ramet_callee="shipping",ramet_outcome="2xx"}',
        bad,
        1000 - bad,
        steps,
    )


def runs(bad: int, steps: int, outcome: str) -> dict[str, str]:
    return share(
        f'ramet_tasks_run_duration_seconds_count{{{_TASK},ramet_outcome="{outcome}"}}',
        f'ramet_tasks_run_duration_seconds_count{{{_TASK},ramet_outcome="done"}}',
        bad,
        100 - bad,
        steps,
    )


SLOW_STEPS = 80 * 15  # of four minutes: Prometheus forgets a value after five

_JOB = 'job="ramet-orders"'
_HANDLER = f'{_JOB},ramet_handler="orders.handlers.pack"'
_TASK = f'{_JOB},celery_task_name="shop.users.tasks.welcome"'
_POOL = f'{_JOB},db_client_connection_pool_name="default"'
_SAGA = f'{_JOB},ramet_saga="PlaceOrder",version="1"'

# What raises each alert: the series, and after how many minutes one looks.
RAISED: dict[str, tuple[dict[str, str], int]] = {
    "RametRequestsFail": (failing(20), 119),
    "RametRequestsFailSlowly": (failing(2, SLOW_STEPS), 79 * 60),
    "RametRequestsSlow": (slow(200), 119),
    "RametRequestsSlowSlowly": (slow(20, SLOW_STEPS), 79 * 60),
    "RametCallsFail": (faults(20), 119),
    "RametCallsFailSlowly": (faults(2, SLOW_STEPS), 79 * 60),
    "RametFetchesFail": (fetches(20), 119),
    "RametFetchesFailSlowly": (fetches(2, SLOW_STEPS, "unavailable"), 79 * 60),
    "RametTargetDown": ({f"up{{{_JOB}}}": "1 1 0x10"}, 8),
    "RametEventLagGrows": (
        {f"ramet_events_oldest_waiting_seconds{{{_HANDLER}}}": "0+60x60"},
        40,
    ),
    "RametDeadLetters": ({f"ramet_events_dead{{{_HANDLER}}}": "0 0 1x10"}, 5),
    "RametEventsHeld": ({f"ramet_events_held{{{_HANDLER}}}": "3x60"}, 40),
    "RametRelayStalled": (
        {
            f"ramet_events_oldest_unsent_seconds{{{_JOB}}}": "0+60x30",
            f'ramet_events_sent_total{{{_JOB},messaging_destination_name="A"}}': "7x30",
        },
        15,
    ),
    "RametSagaStuck": ({f'ramet_sagas_runs{{{_SAGA},status="stuck"}}': "0 1x10"}, 5),
    "RametSagaSlow": ({f"ramet_sagas_oldest_running_seconds{{{_SAGA}}}": "3500+60x20"}, 15),
    "RametSagaWithoutCode": ({f"ramet_sagas_without_code{{{_SAGA}}}": "1x20"}, 15),
    "RametTasksFail": (runs(10, 60, "failed"), 40),
    "RametTasksRetried": (runs(60, 60, "retried"), 50),
    "RametThreadsBusy": (
        {
            f'ramet_threads_busy{{{_JOB},pool="web"}}': "4x20",
            f'ramet_threads_most{{{_JOB},pool="web"}}': "4x20",
        },
        15,
    ),
    "RametDatabaseConnections": (
        {
            f'ramet_database_connections{{{_JOB},state="idle"}}': "60x20",
            f'ramet_database_connections{{{_JOB},state="active"}}': "30x20",
            f"ramet_database_connections_most{{{_JOB}}}": "100x20",
        },
        15,
    ),
    "RametDatabasePoolWaits": (
        {f"ramet_database_pool_waited_seconds_total{{{_POOL}}}": "0+120x40"},
        30,
    ),
    "RametCertificateEnds": ({f'{_END}{{envoy_tls_certificate="orders"}}': "20000x20"}, 15),
    "RametTelemetryDropped": (
        {f'ramet_telemetry_dropped_total{{{_JOB},signal="traces",reason="refused"}}': "0+1x30"},
        20,
    ),
    "RametMetricsUnread": ({f'ramet_metrics_source_up{{{_JOB},source="events"}}': "0x20"}, 15),
}

WELL: dict[str, str] = {
    **failing(0),
    # Of the thousand above, too: two counts are added up.
    f'{_REQUESTS}_bucket{{ramet_service="orders",le="0.5"}}': "0+995x120",
    **faults(0),
    **faults(300, code="failed_precondition"),  # a business "no" is no fault
    **fetches(0),
    **fetches(300, outcome="4xx"),  # an answer, of whoever asks wrongly
    **runs(3, 120, "failed"),
    **runs(30, 120, "retried"),
    f"ramet_database_pool_waited_seconds_total{{{_POOL}}}": "0+6x120",
    f"up{{{_JOB}}}": "1x120",
    f"ramet_events_oldest_waiting_seconds{{{_HANDLER}}}": "400-1x120",  # behind, and catching up
    f"ramet_events_dead{{{_HANDLER}}}": "0x120",
    f"ramet_events_oldest_unsent_seconds{{{_JOB}}}": "90x120",  # much to send, and sending
    f'ramet_events_sent_total{{{_JOB},messaging_destination_name="A"}}': "0+50x120",
    f'ramet_sagas_runs{{{_SAGA},status="running"}}': "9x120",
    f"ramet_sagas_oldest_running_seconds{{{_SAGA}}}": "30x120",
    f'ramet_threads_busy{{{_JOB},pool="web"}}': "3x120",
    f'ramet_threads_most{{{_JOB},pool="web"}}': "4x120",
    f'ramet_database_connections{{{_JOB},state="idle"}}': "20x120",
    f"ramet_database_connections_most{{{_JOB}}}": "100x120",
    f'{_END}{{envoy_tls_certificate="orders"}}': "50000x120",
    f'{_END}{{envoy_tls_certificate="authority"}}': "30000000x120",
    f'ramet_metrics_source_up{{{_JOB},source="events"}}': "1x120",
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    made = files(load(ROOT / "shop/ramet.toml"), "services", "https://shop.example/runbooks")
    for name in ("ramet-alerts.yml", "ramet-objectives.yml"):
        (folder / name).write_text(made[f"prometheus/rules/{name}"])
    return folder


def play(
    folder: Path, series: dict[str, str], minutes: int, expected: set[str], step: str = "1m"
) -> str:
    """What promtool says when the `expected` alerts are not those raised; else nothing."""
    test = {
        "rule_files": ["ramet-alerts.yml", "ramet-objectives.yml"],
        "evaluation_interval": step,
        "tests": [
            {
                "interval": step,
                "input_series": [{"series": k, "values": v} for k, v in series.items()],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": f"{minutes}m",
                        "exp_samples": [
                            {"labels": f'{{alertname="{name}"}}', "value": 1}
                            for name in sorted(expected)
                        ],
                    }
                ],
            }
        ],
    }
    path = folder / "test.json"  # YAML, too
    path.write_text(json.dumps(test))
    return _promtool("test", "rules", str(path))


def _promtool(*arguments: str) -> str:
    assert PROMTOOL is not None
    done: Any = subprocess.run(
        [PROMTOOL, *arguments], capture_output=True, text=True, timeout=100, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_prometheus_reads_the_rules(rules: Path) -> None:
    for path in rules.glob("ramet-*.yml"):
        assert _promtool("check", "rules", str(path)) == ""


@pytest.mark.parametrize("name", RAISED)
def test_each_alert_is_raised_by_what_it_is_for_and_none_beside_it(rules: Path, name: str) -> None:
    series, minutes = RAISED[name]
    # Who needs help now needs it within days, too.
    companion = {f"{name}Slowly"} & set(RAISED)
    step = "4m" if name.endswith("Slowly") else "1m"
    assert play(rules, series, minutes, {name} | companion, step) == ""


def test_none_is_raised_when_all_is_well(rules: Path) -> None:
    assert play(rules, WELL, 119, set()) == ""


def test_an_authority_is_told_of_a_month_before_its_end(rules: Path) -> None:
    series = {f'{_END}{{envoy_tls_certificate="authority"}}': f"{25 * 86400}x20"}
    assert play(rules, series, 15, {"RametCertificateEnds"}) == ""


def test_every_alert_is_played() -> None:
    assert set(RAISED) == {alert.name for alert in ALERTS}
