"""No pages: the example is about what happens behind them."""

urlpatterns: list[object] = []
