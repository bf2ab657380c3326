"""What type checkers must say of sagas and their steps.

Read by test_sagas_typing.py, never imported: a line with `# error: [code]` must give exactly
those errors, every other line none.
"""

from typing import assert_type
from uuid import UUID, uuid4

import ramet
from ramet.sagas import Failure


class Answer(ramet.Value):
    yes: bool


class PlaceOrder(ramet.Saga, version=1, key="order_id"):
    order_id: UUID
    total: int | None = None

    @ramet.step(undo="release", attempts=3, timeout="30s")
    def reserve(self) -> None:
        self.total = 12

    def release(self) -> None:
        assert_type(self.failure, Failure | None)
        assert_type(self.run_id, UUID)

    @ramet.step
    def send(self) -> None: ...

    @ramet.step(undo=None, wait="30m")
    def answered(self, answer: Answer | None) -> None: ...

    @ramet.step(undo=None, wait="2h")
    def remind(self) -> None: ...

    @ramet.step(undo=None)  # error: [type-var]
    def gives(self) -> int:
        return 1

    @ramet.step(undoo=None)  # error: [call-overload] [untyped-decorator]
    def misspelt(self) -> None: ...


order = PlaceOrder(order_id=uuid4())
assert_type(order.total, int | None)
assert_type(order.reserve(), None)
assert_type(PlaceOrder.start(order_id=uuid4()), UUID)
assert_type(PlaceOrder.reply(order.order_id, PlaceOrder.answered, Answer(yes=True)), bool)
PlaceOrder.reply(order.order_id, PlaceOrder.answered, "yes")  # error: [arg-type]
PlaceOrder.reply(order.order_id, PlaceOrder.remind, Answer(yes=True))  # error: [arg-type]
PlaceOrder(order_id="1")  # error: [arg-type]
PlaceOrder()  # error: [call-arg]
order.totl = 3  # error: [attr-defined]
order.failure = None  # error: [misc]
