"""The small project in `small/`, and the Scan that a reader of its source would make."""

from __future__ import annotations

from pathlib import Path

from ramet.tools.assess.facts import App, Edge, Function, Model, Project, Scan

__all__ = ["SMALL", "small_scan"]

SMALL = Path(__file__).with_name("small")


def small_scan() -> Scan:
    """By hand, so that evidence is tested without the scan; with one mistake, in `Book.fans`."""

    def model(label: str, file: str, line: int, *, is_proxy: bool = False) -> Model:
        return Model(label=label, app=label.split(".")[0], file=file, line=line, is_proxy=is_proxy)

    goods, sales, drafts = "goods/models.py", "sales/models.py", "drafts/models.py"
    return Scan(
        project=Project(name="small", settings=["small.settings"], files=12, lines=120),
        apps=[
            App(label=each, package=each, file=each, is_own=True)
            for each in ("drafts", "goods", "sales")
        ],
        models=[
            model("drafts.Draft", drafts, 4),
            model("goods.Product", goods, 5),
            model("goods.Book", goods, 10),
            model("goods.Offer", goods, 14, is_proxy=True),
            model("sales.Order", sales, 5),
        ],
        edges=[
            _edge("fk", "drafts.Draft", "sales.Order", "order", drafts, 5),
            _edge("mti_parent", "goods.Book", "goods.Product", "product_ptr", goods, 10),
            _edge("m2m", "goods.Book", "accounts.User", "fans", goods, 11),
            _edge("proxy", "goods.Offer", "goods.Product", "", goods, 14),
            _edge("fk", "sales.Order", "goods.Product", "product", sales, 6),
            _edge("import", "sales", "goods", "goods.models", "sales/services.py", 2),
        ],
        functions=[
            Function(
                name="sales.views.place_order",
                kind="function",
                app="sales",
                file="sales/views.py",
                line=6,
                reads=[],
                writes=[],
            )
        ],
        atomics=[],
        gaps=[],
    )


def _edge(kind: str, source: str, target: str, field: str, file: str, line: int) -> Edge:
    return Edge(kind=kind, source=source, target=target, field=field, file=file, line=line)  # type: ignore[arg-type]
