"""Contracts: what they declare, and every mistake in one of them found when it is defined."""

from typing import TYPE_CHECKING, Any

import pytest

import ramet
from ramet.calls import contracts
from ramet.errors import DiagnosticError

if TYPE_CHECKING:
    from decimal import Fraction  # type: ignore[attr-defined]


class Sample(ramet.Contract, version=3):
    @ramet.operation(deadline="1.5s", idempotent=True, atomic=False)
    def first(self, number: int, *, label: str = "x") -> list[int]:
        """Do it."""

    @ramet.operation
    def second(self) -> None:
        """Do nothing."""

    def _not_offered(self) -> None:
        """Private names are no operations."""


def test_a_contract_declares_its_operations_in_order() -> None:
    declaration = Sample.__ramet__
    assert declaration.full_name == f"{__name__}.v3.Sample"
    assert list(declaration.operations) == ["first", "second"]
    assert contracts.contracts()[declaration.full_name] is Sample


def test_an_operation_knows_its_wire_form_and_options() -> None:
    operation = Sample.__ramet__.operations["first"]
    assert operation.full_name == f"{__name__}.v3.Sample.first"
    assert operation.path == f"/.ramet/calls/{__name__}.v3.Sample/first"
    assert (operation.deadline, operation.idempotent, operation.atomic) == (1.5, True, False)
    assert operation.description == "Do it."


def test_an_operation_has_safe_defaults() -> None:
    operation = Sample.__ramet__.operations["second"]
    assert (operation.deadline, operation.idempotent, operation.atomic) == (0.5, False, True)


def test_the_module_named_contract_is_left_out_of_the_name() -> None:
    declaration = contracts.Declaration("Products", 1, "shop.products.contract")
    assert declaration.full_name == "shop.products.v1.Products"


def test_another_class_may_be_a_further_version_of_a_contract() -> None:
    class SampleV4(ramet.Contract, version=4, name="Sample"):
        @ramet.operation
        def second(self) -> None:
            """Do nothing."""

    assert SampleV4.__ramet__.full_name == f"{__name__}.v4.Sample"


def test_a_contract_cannot_be_instantiated() -> None:
    with pytest.raises(TypeError, match=r"ramet\.client\(Sample\)"):
        Sample()


def test_every_mistake_of_a_contract_is_reported_with_its_place() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Wrong(ramet.Contract, version=1):
            @ramet.operation
            def unfit(self, good: int, thing: object) -> list[object]:
                """Two types that cannot cross."""

            @ramet.operation
            def untyped(self, argument) -> None:  # type: ignore[no-untyped-def]
                """No annotation."""

            @ramet.operation
            def resultless(self):  # type: ignore[no-untyped-def]
                """No annotation of the result."""

            @ramet.operation
            def starred(self, *numbers: int) -> None:
                """No name on the wire."""

            @ramet.operation
            def later(self, value: "Fraction") -> None:
                """A name that does not exist at run time."""

            @ramet.operation(deadline="soon")
            def timeless(self) -> None:
                """No deadline that can be read."""

            def plain(self) -> None:
                """No operation."""

    name = f"{__name__}.v1.Wrong"
    assert [(each.reference, each.where) for each in caught.value.mistakes] == [
        ("type-cannot-cross-the-wire", f"{name}.unfit.thing"),
        ("type-cannot-cross-the-wire", f"{name}.unfit.return[]"),
        ("annotation-missing", f"{name}.untyped.argument"),
        ("annotation-missing", f"{name}.resultless.return"),
        ("argument-without-a-name", f"{name}.starred.numbers"),
        ("annotation-unresolved", f"{name}.later"),
        ("deadline-unreadable", f"{name}.timeless.deadline"),
        ("method-is-no-operation", f"{name}.plain"),
    ]


def test_a_mistake_is_told_in_full() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Told(ramet.Contract, version=1):
            @ramet.operation
            def send(self, thing: object) -> None:
                """It cannot."""

    assert str(caught.value) == (
        f"{__name__}.v1.Told.send.thing: type-cannot-cross-the-wire\n"
        "  found     object\n"
        "  expected  Decimal, datetime, date, time, timedelta, UUID, an Enum of str or int, str, "
        "int, float, bool, bytes, None, a ramet.Value, a dataclass; list, tuple, set, dict, "
        "Optional or Literal of these\n"
        "  remedy    name the type: one that may be anything loses its type on the wire"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30.0), ("2m", 120.0), ("0.5s", 0.5)]
)
def test_a_deadline_is_a_number_with_its_unit(text: str, seconds: float) -> None:
    class Timed(ramet.Contract, version=1):
        @ramet.operation(deadline=text)
        def run(self) -> None:
            """Run."""

    assert Timed.__ramet__.operations["run"].deadline == seconds


@pytest.mark.parametrize("text", ["", "5", "0s", "-1s", "1h", "1 s", "nan"])
def test_any_other_deadline_is_refused(text: str) -> None:
    with pytest.raises(DiagnosticError, match="deadline-unreadable"):

        class Timeless(ramet.Contract, version=1):
            @ramet.operation(deadline=text)
            def run(self) -> None:
                """Run."""


# -- implements -----------------------------------------------------------------------------------


class Offered(ramet.Contract, version=1):
    @ramet.operation
    def get(self, sku: str, *, count: int = 1) -> str:
        """One."""

    @ramet.operation
    def drop(self) -> None:
        """None."""


def test_a_class_that_lacks_or_changes_operations_does_not_implement() -> None:
    with pytest.raises(DiagnosticError) as caught:

        @ramet.implements(Offered)
        class Half:
            def get(self, name: str, *, count: int = 1) -> str:
                return name

    assert [(each.reference, each.remedy) for each in caught.value.mistakes] == [
        ("implementation-differs", "take the arguments that the contract declares, in its order"),
        ("operation-not-implemented", "add def drop(self) -> None"),
    ]


def test_a_contract_has_one_implementation() -> None:
    class Whole:
        def get(self, sku: str, *, count: int = 1) -> str:
            return sku

        def drop(self) -> None:
            """Nothing."""

    assert ramet.implements(Offered)(Whole) is Whole
    ramet.implements(Offered)(Whole)  # a module that is reloaded

    class Other(Whole):
        pass

    with pytest.raises(DiagnosticError, match="contract-implemented-twice"):
        ramet.implements(Offered)(Other)


def test_a_decorated_method_still_implements() -> None:
    import functools

    def logged(method: Any) -> Any:
        @functools.wraps(method)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return wrapper

    class Wrapped(ramet.Contract, version=1):
        @ramet.operation
        def get(self, sku: str) -> str:
            """One."""

    @ramet.implements(Wrapped)
    class Shelf:
        @logged
        def get(self, sku: str) -> str:
            return sku
