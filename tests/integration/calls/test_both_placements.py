"""One behaviour in both placements: the same tests in process and over HTTP (granian, a socket)."""

import copy
import math
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bureau.contract import Bureau
from depot.contract import Depot, DepotV9, Full, Part, Unplaced
from depot.services import IDS, SINCE, HeavyPart, NotInTheContract, Storehouse
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone, translation
from structlog.contextvars import bound_contextvars

import ramet
from ramet.calls import (
    CallInsideTransaction,
    InvalidArgument,
    InvalidResult,
    RemoteFault,
    TooLarge,
    Unauthenticated,
    Unimplemented,
    context,
    stand_in,
)
from ramet.calls.context import use_deadline, use_idempotency_scope
from ramet.calls.models import StoredResult
from ramet.errors import DiagnosticError
from ramet.identity import use_token
from ramet.identity.tokens import CLOCK_SKEW_SECONDS
from tests.conftest import eventually
from tests.integration.calls.conftest import IN_PROCESS, Mesh, effects, make_token

pytestmark = pytest.mark.usefixtures("placement")

# -- Arguments and results ------------------------------------------------------------------------


def test_arguments_go_by_position_by_name_and_by_default() -> None:
    client = ramet.client(Depot)
    assert client.pick(Part("A", 2)) == [Part("A", 2)]
    assert client.pick(count=2, part=Part("A", 2)) == [Part("A", 2), Part("A", 2)]
    assert client.pick(Part("A", 1), 1, tags=["x", "y"]) == [Part("A", 1, "x,y")]


def test_the_callee_cannot_change_the_callers_arguments() -> None:
    numbers = [1, 2, 3]
    result = ramet.client(Depot).mutate(numbers)
    assert (numbers, result) == ([1, 2, 3], [1, 2, 3, 4])


@pytest.mark.parametrize(
    "arguments", [{}, {"part": Part("A", 1), "colour": "red"}, {"part": Part("A", 1), "tags": ...}]
)
def test_arguments_that_the_contract_does_not_have_are_a_type_error(
    arguments: dict[str, Any],
) -> None:
    expected = InvalidArgument if arguments.get("tags") is ... else TypeError
    with pytest.raises(expected, match="pick"):
        ramet.client(Depot).pick(**arguments)


def test_an_argument_of_the_wrong_type_is_refused_with_its_path() -> None:
    wrong: Any = {"sku": "A", "quantity": "many"}
    with pytest.raises(InvalidArgument) as caught:
        ramet.client(Depot).pick(wrong)
    assert caught.value.path == "part.quantity"
    assert caught.value.problem == "Expected `int`, got `str`"
    assert str(caught.value) == ("depot.v1.Depot.pick: part.quantity: Expected `int`, got `str`")


def test_a_missing_field_of_an_argument_is_refused_with_its_path() -> None:
    wrong: Any = {"sku": "A"}
    with pytest.raises(InvalidArgument) as caught:
        ramet.client(Depot).pick(wrong)
    assert (caught.value.path, caught.value.problem) == (
        "part.quantity",
        "required, and missing",
    )


def test_an_unknown_field_of_an_argument_is_ignored() -> None:
    newer: Any = {"sku": "A", "quantity": 1, "colour": "red"}
    assert ramet.client(Depot).pick(newer) == [Part("A", 1)]


def test_an_unknown_field_of_a_result_is_ignored() -> None:
    assert ramet.client(Depot).fail("result of a newer version") == Part("A", 1)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("result lacks a field", "result.quantity: required, and missing"),
        ("result of a wrong type", "result.quantity: Expected `int`, got `str`"),
    ],
)
def test_a_result_that_does_not_fit_the_contract_is_a_typed_error(how: str, message: str) -> None:
    with pytest.raises(InvalidResult) as caught:
        ramet.client(Depot).fail(how)
    assert caught.value.message == message


@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf])
def test_a_float_that_json_does_not_have_is_refused_with_its_path(weight: float) -> None:
    with pytest.raises(InvalidArgument) as caught:
        ramet.client(Depot).weigh([1.5, weight])
    assert caught.value.path == "weights[1]"
    assert f"got `{weight}`" in caught.value.problem
    assert ramet.client(Depot).weigh([1.5, None, 2]) == [1.5, None, 2.0]


def test_a_float_that_json_does_not_have_is_no_result() -> None:
    with pytest.raises(InvalidResult, match=r"result\[1\]: Expected a finite `float`, got `inf`"):
        ramet.client(Depot).weigh([0.0, 1e308])


def test_a_value_of_a_subclass_with_more_fields_is_refused_where_it_would_be_cut() -> None:
    with pytest.raises(InvalidArgument) as caught:
        ramet.client(Depot).pick(HeavyPart("A", 1))
    assert caught.value.path == "part"
    assert "got `HeavyPart`, whose weight would be lost" in caught.value.problem
    with pytest.raises(InvalidResult, match="result: Expected `Part`, got `HeavyPart`"):
        ramet.client(Depot).fail("result of a subclass")


def test_arguments_that_are_too_large_are_refused() -> None:
    with pytest.raises(TooLarge, match="need 1048"):
        ramet.client(Depot).pick(Part("A" * 1024 * 1024, 1))


# -- Errors ---------------------------------------------------------------------------------------


def test_a_refusal_arrives_as_its_class_with_its_fields(label: str) -> None:
    with pytest.raises(Full) as caught:
        ramet.client(Depot).record_and_refuse(label)
    refusal = caught.value
    assert (refusal.label, str(refusal.limit), refusal.since, refusal.ids) == (
        label,
        "1.50",
        SINCE,
        IDS,
    )
    assert isinstance(refusal, ramet.Refused)
    assert isinstance(refusal, ramet.RemoteError)
    assert not refusal.retryable
    assert refusal.operation == "depot.v1.Depot.record_and_refuse"


def test_a_refusal_survives_copying_and_pickling(label: str) -> None:
    with pytest.raises(Full) as caught:
        ramet.client(Depot).record_and_refuse(label)
    for twin in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert (twin.label, twin.limit, str(twin)) == (
            label,
            caught.value.limit,
            str(caught.value),
        )


def test_a_refusal_whose_class_the_contract_lacks_arrives_as_plain_refused() -> None:
    with pytest.raises(ramet.Refused) as caught:
        ramet.client(Depot).fail("refused elsewhere")
    assert type(caught.value) is ramet.Refused
    assert not isinstance(caught.value, NotInTheContract)
    assert caught.value.wire_name == "depot.services.NotInTheContract"
    assert caught.value.fields == {"reason": "odd"}
    assert "NotInTheContract(reason='odd')" in str(caught.value)


def test_a_refusal_without_a_class_keeps_its_message() -> None:
    with pytest.raises(ramet.Refused, match="not today"):
        ramet.client(Depot).fail("refused plainly")


@pytest.mark.parametrize("how", ["bug", "unencodable result"])
def test_a_bug_of_the_callee_tells_an_id_and_not_its_text(how: str) -> None:
    with pytest.raises(RemoteFault) as caught:
        ramet.client(Depot).fail(how)
    assert "secret" not in str(caught.value)
    assert len(caught.value.error_id) == 32
    assert not caught.value.retryable


def test_the_id_of_a_bug_is_in_the_callees_log(
    placement: str, mesh: Mesh, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(RemoteFault) as caught:
        ramet.client(Depot).fail("bug")
    log = caplog.text if placement == IN_PROCESS else mesh.log("depot")
    assert caught.value.error_id in log
    assert "ValueError: secret" in log


def test_permission_denied_arrives_as_forbidden() -> None:
    with pytest.raises(ramet.Forbidden, match="only for staff"):
        ramet.client(Depot).fail("forbidden")


def test_a_database_that_fails_arrives_as_unavailable() -> None:
    with pytest.raises(ramet.Unavailable) as caught:
        ramet.client(Depot).fail("database")
    assert caught.value.retryable
    assert "secret" not in str(caught.value)


def test_an_operation_may_refuse_an_argument_by_its_value() -> None:
    with pytest.raises(InvalidArgument) as caught:
        ramet.client(Depot).fail("own check")
    assert (caught.value.path, caught.value.problem) == ("how", "must be positive")


@pytest.mark.parametrize(("contract", "call"), [(DepotV9, ("echo", "x")), (Unplaced, ("nothing",))])
def test_what_nobody_implements_is_unimplemented(
    contract: type[ramet.Contract], call: tuple[str, ...]
) -> None:
    with pytest.raises(Unimplemented):
        getattr(ramet.client(contract), call[0])(*call[1:])


def test_a_refusal_of_a_further_service_comes_through() -> None:
    with pytest.raises(ramet.Refused, match="not today"):
        ramet.client(Bureau).fail_downstream("refused plainly")


def test_a_further_service_that_is_unavailable_makes_this_one_unavailable() -> None:
    with pytest.raises(ramet.Unavailable):
        ramet.client(Bureau).fail_downstream("database")


def test_a_wrong_call_of_a_further_service_is_a_bug_of_the_one_between() -> None:
    with pytest.raises(RemoteFault):
        ramet.client(Bureau).misuse_downstream()


# -- Language and time zone -----------------------------------------------------------------------

PROJECTS_OWN = [settings.LANGUAGE_CODE, settings.TIME_ZONE]


def test_an_operation_runs_in_the_projects_language_and_time_zone_not_its_callers() -> None:
    with translation.override("de"), timezone.override(ZoneInfo("Asia/Tokyo")):
        assert ramet.client(Depot).locale() == PROJECTS_OWN
        assert ramet.client(Depot, inside_transaction=True).locale() == PROJECTS_OWN
    with translation.override(None):
        assert ramet.client(Depot).locale() == PROJECTS_OWN


def test_the_callers_language_and_time_zone_are_back_after_the_call() -> None:
    with translation.override("de"), timezone.override(ZoneInfo("Europe/Zurich")):
        ramet.client(Depot).locale(leave="fr")
        assert translation.get_language() == "de"
        assert timezone.get_current_timezone_name() == "Europe/Zurich"


def test_a_language_that_an_operation_leaves_active_reaches_no_later_one() -> None:
    for _ in range(4):  # as many as a callee has threads, and one
        ramet.client(Depot).locale(leave="fr")
    for _ in range(4):
        assert ramet.client(Depot).locale() == PROJECTS_OWN


# -- Deadlines ------------------------------------------------------------------------------------


def test_a_result_after_the_deadline_is_deadline_exceeded() -> None:
    with pytest.raises(ramet.DeadlineExceeded) as caught:
        ramet.client(Depot).sleep(0.4)
    assert caught.value.retryable


def test_a_result_before_the_deadline_arrives() -> None:
    assert ramet.client(Depot).sleep(0.0) == "done"


def test_an_operation_sees_its_own_deadline() -> None:
    left = ramet.client(Depot).remaining()
    assert left is not None
    assert 4 < left <= 5


def test_the_deadline_shrinks_hop_by_hop() -> None:
    with use_deadline(1.0):
        left = ramet.client(Bureau).remaining_downstream()
    assert left is not None
    assert 0 < left < 1.0


def test_a_callee_gives_a_further_call_no_more_than_its_own_deadline() -> None:
    left = ramet.client(Bureau).remaining_downstream()
    assert left is not None
    assert left < 3.0


def test_no_call_is_made_when_no_time_is_left(label: str) -> None:
    with use_deadline(-0.001), pytest.raises(ramet.DeadlineExceeded):
        ramet.client(Depot).record(label)
    assert effects(label) == 0


# -- Transactions ---------------------------------------------------------------------------------


def test_a_call_inside_a_transaction_is_refused(label: str) -> None:
    with (
        pytest.raises(CallInsideTransaction, match="inside_transaction=True"),
        transaction.atomic(),
    ):
        ramet.client(Depot).record(label)
    assert effects(label) == 0


def test_the_transaction_of_a_test_case_does_not_count() -> None:
    outer = transaction.atomic()
    outer._from_testcase = True  # type: ignore[attr-defined]  # as django.test.TestCase does
    with outer:
        assert ramet.client(Depot).sleep(0.0) == "done"


def test_a_call_that_may_run_inside_a_transaction_is_not_rolled_back_with_it(label: str) -> None:
    with transaction.atomic():
        ramet.client(Depot, inside_transaction=True).record(label)
        transaction.set_rollback(True)
    assert effects(label) == 1


def test_a_callee_that_waits_for_its_callers_lock_ends_at_the_deadline(label: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE effects IN EXCLUSIVE MODE")
        with use_deadline(0.3), pytest.raises(ramet.DeadlineExceeded):
            ramet.client(Depot, inside_transaction=True).record(label)


# -- Idempotency ----------------------------------------------------------------------------------


def test_a_key_runs_the_operation_once_and_repeats_its_result(label: str) -> None:
    first, second = (ramet.client(Depot, idempotency_key=label).record(label) for _ in range(2))
    assert (first, second, effects(label)) == (1, 1, 1)


def test_without_a_key_an_operation_runs_each_time(label: str) -> None:
    assert [ramet.client(Depot).record(label) for _ in range(2)] == [1, 2]


def test_a_key_belongs_to_one_operation(label: str) -> None:
    client = ramet.client(Depot, idempotency_key=label)
    assert client.record(label) == 1
    assert client.record_slowly(label, 0.0) == 2


def test_a_key_belongs_to_one_user(label: str, token: str) -> None:
    client = ramet.client(Depot, idempotency_key=label)
    with use_token(token):
        assert client.record(label) == 1
    assert client.record(label) == 2


def test_a_key_with_other_arguments_is_refused(label: str) -> None:
    client = ramet.client(Depot, idempotency_key=label)
    client.record(label)
    with pytest.raises(InvalidArgument, match="other arguments"):
        client.record(label, times=2)
    assert effects(label) == 1


def test_an_argument_left_out_is_the_same_as_its_default(label: str) -> None:
    client = ramet.client(Depot, idempotency_key=label)
    assert [client.record(label), client.record(label, times=1)] == [1, 1]


def test_a_refusal_is_stored_and_its_effects_are_not(label: str) -> None:
    client = ramet.client(Depot, idempotency_key=label)
    for _ in range(2):
        with pytest.raises(Full, match=label):
            client.record_and_refuse(label)
    assert effects(label) == 0
    assert StoredResult.objects.get(key=label).refused


def test_a_crash_stores_nothing_and_leaves_no_effect(label: str) -> None:
    with pytest.raises(RemoteFault):
        ramet.client(Depot, idempotency_key=label).record_and_crash(label)
    assert effects(label) == 0
    assert not StoredResult.objects.filter(key=label).exists()


def test_an_operation_that_is_not_atomic_keeps_its_own_guarantee(label: str) -> None:
    client = ramet.client(Depot, idempotency_key=label)
    assert [client.record_freely(label), client.record_freely(label)] == [1, 2]
    assert not StoredResult.objects.filter(key=label).exists()


def test_a_concurrent_repetition_waits_and_gets_the_stored_result(label: str) -> None:
    barrier = threading.Barrier(3, timeout=30)

    def call() -> int:
        try:
            barrier.wait(timeout=5)
            return ramet.client(Depot, idempotency_key=label).record_slowly(label, 0.2)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        results = [future.result() for future in [pool.submit(call) for _ in range(3)]]
    assert results == [1, 1, 1]
    assert effects(label) == 1


def test_a_concurrent_repetition_waits_no_longer_than_its_deadline(label: str) -> None:
    started = time.monotonic()
    holder = threading.Thread(target=_hold, args=(label, 1.0))
    holder.start()
    try:
        _wait_for_a_transaction()
        with use_deadline(0.2), pytest.raises(ramet.DeadlineExceeded):
            ramet.client(Depot, idempotency_key=label).record_slowly(label, 1.0)
        assert time.monotonic() - started < 0.9
    finally:
        holder.join()


def _hold(label: str, seconds: float) -> None:
    try:
        ramet.client(Depot, idempotency_key=label).record_slowly(label, seconds)
    finally:
        connection.close()


def _wait_for_a_transaction() -> None:
    """Until another connection of this database has a transaction open and idle."""

    def is_open() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state = 'idle in transaction' AND pid <> pg_backend_pid()"
            )
            return bool(cursor.fetchone()[0])

    eventually(is_open, within=2, every=0.01)


def test_calls_in_a_scope_get_the_same_keys_when_repeated(label: str) -> None:
    results = []
    for _ in range(2):
        with use_idempotency_scope(f"saga/{label}"):
            results += [ramet.client(Depot).record(label), ramet.client(Depot).record(label)]
    assert results == [1, 2, 1, 2]
    keys = StoredResult.objects.filter(key__contains=label).order_by("id")
    assert [row.key for row in keys] == [
        f"saga/{label}/depot.v1.Depot.record/1",
        f"saga/{label}/depot.v1.Depot.record/2",
    ]


def test_a_scope_of_keys_ends_at_the_callee() -> None:
    with use_idempotency_scope("saga"):
        assert ramet.client(Depot).idempotency_scope() is None


# -- Who calls ------------------------------------------------------------------------------------


def test_a_call_without_a_token_is_made_for_nobody() -> None:
    assert ramet.client(Depot).whoami() is None


def test_the_users_token_goes_along_over_every_hop(token: str) -> None:
    user = "00000000-0000-0000-0000-000000000007"
    with use_token(token):
        assert ramet.client(Depot).whoami() == user
        assert ramet.client(Bureau).whoami_downstream() == user
    assert ramet.client(Depot).whoami() is None


def test_a_token_that_expires_meanwhile_is_refused_by_the_callee(
    mesh: Mesh,
) -> None:
    # Good for two to three seconds more, because of the clock skew, which ends with its second;
    # then the callee looks at it.
    stale = make_token(mesh, lifetime=2 - CLOCK_SKEW_SECONDS)
    issued = time.time()  # afterwards: to decrypt the signing key may take a second
    with use_token(stale):
        eventually(lambda: time.time() > issued + 3.05, within=6)
        with pytest.raises(Unauthenticated, match="expired"):
            ramet.client(Depot).whoami()


def test_the_ids_of_request_and_trace_go_along() -> None:
    ids = {
        "request_id": "r-1",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }
    with bound_contextvars(**ids):
        assert ramet.client(Depot).ids() == ids
    assert ramet.client(Depot).ids() == {}


def test_the_callers_context_is_as_before_after_a_call() -> None:
    with use_deadline(5.0):
        before = context.deadline.get()
        ramet.client(Depot).sleep(0.0)
        assert context.deadline.get() == before
    assert context.deadline.get() is None


# -- Stand-ins ------------------------------------------------------------------------------------


class FullDepot(Storehouse):
    """Refuses what the real one does, and remembers for what."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def record(self, label: str, times: int = 1) -> int:
        self.asked.append(label)
        raise Full(label, Decimal(1), SINCE, [])


def test_a_stand_in_answers_in_place_of_the_service_until_its_block_ends(label: str) -> None:
    depot = FullDepot()
    for implementation in (depot, FullDepot):
        with stand_in(Depot, implementation), pytest.raises(Full) as caught:
            ramet.client(Depot).record(label)
        assert caught.value.label == label
    assert depot.asked == [label]
    assert ramet.client(Depot).record(label) == 1


def test_a_stand_in_differs_from_its_contract_in_nothing() -> None:
    with pytest.raises(DiagnosticError, match="operation-not-implemented"), stand_in(Depot, Part):
        pass


def test_what_nobody_implements_may_have_a_stand_in() -> None:
    class Nothing:
        def nothing(self) -> None: ...

    with stand_in(Unplaced, Nothing):
        ramet.client(Unplaced).nothing()  # type: ignore[func-returns-value]
    with pytest.raises(Unimplemented):
        ramet.client(Unplaced).nothing()
