"""Calls of what is not the project's own: what Django's and others' functions mean here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ramet.tools.assess.linking.queries.asked import ASKED, ask_permissions, start_named_task
from ramet.tools.assess.linking.queries.called import Called, text_of
from ramet.tools.assess.linking.queries.expressions import is_expression, query
from ramet.tools.assess.linking.queries.knowledge import Knowledge
from ramet.tools.assess.linking.queries.site import Site
from ramet.tools.assess.linking.queries.sql import tables_in, writes_table
from ramet.tools.assess.linking.queries.values import (
    Bound,
    ClassRef,
    ExternalCall,
    FunctionRef,
    Listing,
    ModelClass,
    Records,
    Request,
    SettingsValue,
    Text,
    Value,
)

if TYPE_CHECKING:
    from ramet.tools.assess.linking.queries.evaluation import Evaluation

__all__ = ["BY_NAME", "Externals"]

BY_NAME = frozenset(
    ("execute", "executemany", "has_perm", "has_perms", "get_for_model", "get_for_models")
)
"""Methods whose name alone says what they are, on whatever they are called."""

_LOADERS = frozenset(("get_class", "get_classes", "import_class", "load_class"))


class Externals:
    """Rules by the name that was imported."""

    def __init__(self, knowledge: Knowledge, evaluation: Evaluation) -> None:
        self._knowledge = knowledge
        self._evaluation = evaluation
        self._rules: dict[str, Callable[[Called], Value]] = {
            "RawSQL": self._raw_sql,
            "RunSQL": self._raw_sql,
            "aget_list_or_404": self._get_or_404,
            "aget_object_or_404": self._get_or_404,
            "connect": self._connect,
            "get_list_or_404": self._get_or_404,
            "get_model": self._get_model,
            "get_object_or_404": self._get_or_404,
            "get_user_model": self._user_model,
            "import_module": self._import_path,
            "import_string": self._import_path,
            "partial": self._partial,
            "register": self._register,
        }

    def call(self, called: Called) -> Value:
        """A call of something external."""
        dotted, name = called.dotted, called.name
        if is_expression(dotted):
            return query(dotted, called.arguments, called.keywords)
        if name in BY_NAME:
            self.by_name(called.site, name, called.arguments, called.line)
            return None
        if ".ContentType.objects." in dotted:
            self.content_type_named(called)
        if (asked := ASKED.get(name)) is not None:
            asked(called)
        elif (rule := self._rules.get(name)) is not None:
            value = rule(called)
            if value is not None:
                return value
        return ExternalCall(dotted, tuple(called.arguments), called.named())

    def named(self, called: Called) -> Value:
        """A call of a function of the project that is named as one of Django's is, and does so."""
        if called.name == "get_model":
            return self._get_model(called)
        if called.name == "get_user_model":
            return self._user_model(called)
        return self._load(called) if called.name in _LOADERS else None

    def by_name(self, site: Site, name: str, arguments: Sequence[Value], line: int) -> None:
        """A call of one of `BY_NAME` on something unknown."""
        if not arguments:
            return
        if name in ("execute", "executemany"):
            self.sql(site, arguments[0], line)
        elif name in ("has_perm", "has_perms"):
            ask_permissions(site, arguments[0])
        else:
            for argument in arguments:
                label = self._knowledge.labels.of(argument)
                if label is not None:
                    site.edge("content_type", site.label, label, name, line)

    def call_on(self, owner: ExternalCall, called: Called) -> Value:
        """A method of what an external call gave. `called` has the method's bare name."""
        name = called.name
        if owner.dotted.endswith("Signal"):
            if name.startswith(("send", "asend")) and owner.where:
                sender = self._knowledge.labels.of(called.argument(0, "sender"))
                called.site.send(owner.where, sender or "", called.line)
            elif name == "connect":
                self._listen(owner.where, called)
            return None
        if name in ("execute", "executemany"):
            if called.arguments:
                self.sql(called.site, called.arguments[0], called.line)
            return None
        if name == "send_task":
            start_named_task(called)
            return None
        if name == "register" and called.arguments and isinstance(called.arguments[0], Text):
            self._route(called)
            return None
        return ExternalCall(f"{owner.dotted}.{name}", tuple(called.arguments), called.named())

    def instance(self, dotted: str) -> Value:
        """A value of an external type, as an annotation names it."""
        name = dotted.rpartition(".")[2]
        return Request() if name in ("HttpRequest", "Request", "WSGIRequest") else None

    def setting(self, site: Site, name: str, line: int) -> Value:
        """`settings.NAME`."""
        if not name.isupper():
            return None
        site.use("setting", name, line)
        value = self._knowledge.setting(name)
        return Text(value, line) if isinstance(value, str) else SettingsValue(name)

    def sql(self, site: Site, statement: Value, line: int) -> None:
        """The tables that a statement names, as reads or writes of their models."""
        if not isinstance(statement, Text):
            if statement is None:
                site.gap("sql-not-constant", "a statement put together at run time", line)
            return
        for table in tables_in(statement.text):
            if "\0" in table:
                site.gap("sql-table-not-constant", table.replace("\0", "…"), line)
                continue
            label = self._knowledge.labels.of_table(table)
            if label is None:
                continue
            site.edge("raw_sql", site.label, label, table, line)
            if writes_table(statement.text, table):
                site.write(label, line)
            else:
                site.read(label, line)

    def receive(
        self, site: Site, signal: str, sender: Value, has_sender: bool, function: str, line: int
    ) -> str | None:
        """Write down a receiver; the label of its sender."""
        label = self._knowledge.labels.of(sender)
        if label is None and has_sender:
            site.gap("signal-sender-unknown", signal.rpartition(".")[2], line)
            return None
        site.receive(signal, label or "", function, line)
        return label

    def content_type_named(self, called: Called) -> None:
        """`ContentType.objects.get(app_label="orders", model="order")`, or by natural key."""
        app, model = called.text(0, "app_label"), called.text(1, "model")
        label = self._knowledge.labels.named(f"{app}.{model}") if app and model else None
        if label is not None:
            site = called.site
            site.edge("content_type", site.label, label, f"{app}.{model}", called.line)

    # Rules

    def _connect(self, called: Called) -> None:
        signal = called.dotted.rpartition(".")[0]
        if ".signals." in signal:
            self._listen(signal, called)

    def _listen(self, signal: str, called: Called) -> None:
        receiver = called.argument(0, "receiver")
        named = receiver.dotted if isinstance(receiver, FunctionRef | Bound) else None
        if named is None or not signal:
            called.site.gap("signal-receiver-unknown", signal or "connect", called.line)
            return
        sender = called.argument(1, "sender")
        has_sender = called.has("sender") or len(called.arguments) > 1
        self.receive(called.site, signal, sender, has_sender, named, called.line)

    def _get_or_404(self, called: Called) -> Value:
        first = called.argument(0, "klass")
        if isinstance(first, ModelClass):
            first = Records(first.label)
        if not isinstance(first, Records):
            return None
        method = "filter" if "list" in called.name else "get"
        conditions = [each for each in called.keywords if each[0] != "klass"]
        return self._evaluation.query_sets.call(
            called.site, first, method, called.arguments[1:], conditions, called.line
        )

    def _user_model(self, called: Called) -> Value:
        return ModelClass(self._knowledge.user_model)

    def _get_model(self, called: Called) -> Value:
        first = called.argument(0, "app_label")
        app, model = text_of(first), called.text(1, "model_name")
        if app is None and first is None and called.arguments:
            called.site.gap("get-model-not-constant", "get_model", called.line)
        if app is None or (model is None and "." not in app):
            return None
        named = f"{app}.{model}" if model is not None else app
        label = self._knowledge.labels.named(named)
        if label is None:
            return None
        called.site.edge("get_model", called.site.label, label, named, called.line)
        return ModelClass(label)

    def _load(self, called: Called) -> Value:
        """`get_class("orders.models", "Order")`, and `get_classes` with a list of names."""
        module = text_of(called.arguments[0]) if len(called.arguments) > 1 else None
        if module is None:
            return None
        wanted = called.arguments[1]
        if isinstance(wanted, Listing):
            names = [text_of(item) for item in wanted.items]
            return Listing(tuple(self._knowledge.loaded(module, name or "") for name in names))
        name = text_of(wanted)
        return self._knowledge.loaded(module, name) if name else None

    def _import_path(self, called: Called) -> Value:
        first = called.argument(0, "dotted_path")
        path = text_of(first)
        if path is None:
            if not isinstance(first, SettingsValue):
                called.site.gap("import-string-not-constant", called.name, called.line)
            return None
        called.site.use("path", path, called.line)
        return self._knowledge.located(path)

    def _partial(self, called: Called) -> Value:
        return called.argument(0, "func")

    def _raw_sql(self, called: Called) -> None:
        first = called.argument(0, "sql")
        for statement in first.items if isinstance(first, Listing) else (first,):
            if isinstance(statement, Listing) and statement.items:
                statement = statement.items[0]  # a pair with its parameters
            self.sql(called.site, statement, called.line)

    def _register(self, called: Called) -> None:
        """`admin.site.register(Order, OrderAdmin)`."""
        if ".admin." not in called.dotted or not called.arguments:
            return
        first, given = called.arguments[0], called.argument(1, "admin_class")
        for model in first.items if isinstance(first, Listing) else (first,):
            if isinstance(model, ModelClass):
                called.site.edge("admin", "", model.label, "register", called.line)
                if isinstance(given, ClassRef):
                    self._knowledge.tell_subject(given.dotted, model.label)

    def _route(self, called: Called) -> None:
        """A router's `register("orders", OrderViewSet)`."""
        view = called.argument(1, "viewset")
        if not isinstance(view, ClassRef):
            return
        base = called.text(2, "basename")
        if base is None:
            subject = self._evaluation.frameworks.subject(view.dotted)
            base = subject.rpartition(".")[2].lower() if subject else None
        if base is not None:
            for ending in ("list", "detail"):
                called.site.pattern(f"{base}-{ending}", view.dotted, called.line)
