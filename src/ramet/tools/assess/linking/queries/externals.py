"""Calls of what is not the project's own: what Django's and others' functions mean here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ramet.tools.assess.linking.queries.expressions import is_expression, query
from ramet.tools.assess.linking.queries.knowledge import Knowledge
from ramet.tools.assess.linking.queries.site import Keyword, Site
from ramet.tools.assess.linking.queries.sql import tables_in, writes_table
from ramet.tools.assess.linking.queries.urls import pattern
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

__all__ = ["BY_NAME", "Externals", "keyword"]

Arguments = Sequence[Value]
Keywords = Sequence[Keyword]

BY_NAME = frozenset(
    ("execute", "executemany", "has_perm", "has_perms", "get_for_model", "get_for_models")
)
"""Methods whose name alone says what they are, on whatever they are called."""


_LOADERS = frozenset(("get_class", "get_classes", "import_class", "load_class"))


def keyword(keywords: Keywords, name: str) -> Value:
    """The argument of that name, None where it is not given."""
    for key, value, _ in keywords:
        if key == name:
            return value
    return None


def _text(value: Value) -> str | None:
    return value.text if isinstance(value, Text) and "\0" not in value.text else None


class Externals:
    """Rules by the name that was imported."""

    def __init__(self, knowledge: Knowledge, evaluation: Evaluation) -> None:
        self._knowledge = knowledge
        self._evaluation = evaluation
        self._rules: dict[str, Callable[[Site, str, Arguments, Keywords, int], Value]] = {
            "get_object_or_404": self._get_or_404,
            "aget_object_or_404": self._get_or_404,
            "get_list_or_404": self._get_or_404,
            "aget_list_or_404": self._get_or_404,
            "get_user_model": self._user_model,
            "get_model": self._get_model,
            "import_string": self._import_path,
            "import_module": self._import_path,
            "reverse": self._url,
            "reverse_lazy": self._url,
            "redirect": self._url,
            "resolve_url": self._url,
            "render": self._template,
            "render_to_string": self._template,
            "get_template": self._template,
            "select_template": self._template,
            "TemplateResponse": self._template,
            "permission_required": self._permission,
            "call_command": self._command,
            "on_commit": self._on_commit,
            "partial": self._partial,
            "RawSQL": self._raw_sql,
            "async_task": self._start_task,
            "enqueue": self._start_task,
            "send_task": self._start_named_task,
            "inlineformset_factory": self._inline_formset,
            "modelform_factory": self._model_factory,
            "modelformset_factory": self._model_factory,
            "connect": self._connect,
            "register": self._register,
            "path": self._pattern,
            "re_path": self._pattern,
            "url": self._pattern,
            "RunPython": self._run_python,
            "RunSQL": self._raw_sql,
        }

    def call(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        """A call of something external."""
        if is_expression(dotted):
            return query(dotted, arguments, keywords)
        name = dotted.rpartition(".")[2]
        if name in BY_NAME:
            self.by_name(site, name, arguments, line)
            return None
        if ".ContentType.objects." in dotted:
            self.content_type_named(site, arguments, keywords, line)
        rule = self._rules.get(name)
        if rule is not None:
            value = rule(site, dotted, arguments, keywords, line)
            if value is not None:
                return value
        named = tuple((key, value) for key, value, _ in keywords if key is not None)
        return ExternalCall(dotted, tuple(arguments), named)

    def named(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        """A call of a function of the project that is named as one of Django's is, and does so."""
        name = dotted.rpartition(".")[2]
        if name == "get_model":
            return self._get_model(site, dotted, arguments, keywords, line)
        if name == "get_user_model":
            return ModelClass(self._knowledge.user_model)
        if name in _LOADERS:
            return self._load(arguments)
        return None

    def by_name(self, site: Site, name: str, arguments: Arguments, line: int) -> None:
        """A call of one of `BY_NAME` on something unknown."""
        if not arguments:
            return
        if name in ("execute", "executemany"):
            self.sql(site, arguments[0], line)
        elif name in ("has_perm", "has_perms"):
            self.permissions(site, arguments[0])
        else:
            self._content_type(site, arguments, line)

    def call_on(
        self,
        site: Site,
        owner: ExternalCall,
        name: str,
        arguments: Arguments,
        keywords: Keywords,
        line: int,
    ) -> Value:
        """A method of what an external call gave."""
        made = owner.dotted.rpartition(".")[2]
        if made.endswith("Signal"):
            if name.startswith(("send", "asend")) and owner.where:
                sender = arguments[0] if arguments else keyword(keywords, "sender")
                site.send(owner.where, self._knowledge.label_of(sender) or "", line)
            elif name == "connect" and arguments:
                self.connect(site, owner.where, arguments, keywords, line)
            return None
        if name in ("execute", "executemany") and arguments:
            self.sql(site, arguments[0], line)
            return None
        if name == "send_task":
            return self._start_named_task(site, owner.dotted, arguments, keywords, line)
        if name == "register" and arguments:
            return self._register(site, owner.dotted, arguments, keywords, line)
        inner = tuple((key, value) for key, value, _ in keywords if key is not None)
        return ExternalCall(f"{owner.dotted}.{name}", tuple(arguments), inner)

    def instance(self, dotted: str) -> Value:
        """A value of an external type, as an annotation names it."""
        name = dotted.rpartition(".")[2]
        return Request() if name in ("HttpRequest", "Request", "WSGIRequest") else None

    def setting(self, site: Site, name: str, line: int) -> Value:
        if not name.isupper():
            return None
        site.use("setting", name, line)
        value = self._knowledge.setting(name)
        return Text(value, line) if isinstance(value, str) else SettingsValue(name)

    def sql(self, site: Site, statement: Value, line: int) -> None:
        """The tables that a statement names, as reads or writes of their models."""
        if not isinstance(statement, Text):
            if statement is not None:
                return
            site.gap("sql-not-constant", "a statement put together at run time", line)
            return
        for table in tables_in(statement.text):
            if "\0" in table:
                site.gap("sql-table-not-constant", table.replace("\0", "…"), line)
                continue
            label = self._knowledge.model_of_table(table)
            if label is None:
                continue
            site.edge("raw_sql", site.label, label, table, line)
            if writes_table(statement.text, table):
                site.write(label, line)
            else:
                site.read(label, line)

    def permissions(self, site: Site, value: Value) -> None:
        for item in value.items if isinstance(value, Listing) else (value,):
            if isinstance(item, Text) and item.text.count(".") == 1:
                site.use("permission", item.text, item.line)

    def connect(
        self, site: Site, signal: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> None:
        receiver = arguments[0] if arguments else keyword(keywords, "receiver")
        sender = arguments[1] if len(arguments) > 1 else keyword(keywords, "sender")
        named = receiver.dotted if isinstance(receiver, FunctionRef | Bound) else None
        if named is None or not signal:
            site.gap("signal-receiver-unknown", signal or "connect", line)
            return
        self.receive(site, signal, sender, any(k == "sender" for k, _, _ in keywords), named, line)

    def receive(
        self, site: Site, signal: str, sender: Value, has_sender: bool, function: str, line: int
    ) -> str | None:
        """Write down a receiver; the label of its sender."""
        label = self._knowledge.label_of(sender)
        if label is None and has_sender:
            site.gap("signal-sender-unknown", signal.rpartition(".")[2], line)
            return None
        site.receive(signal, label or "", function, line)
        return label

    # Rules

    def _get_or_404(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        first = arguments[0] if arguments else keyword(keywords, "klass")
        if isinstance(first, ModelClass):
            first = Records(first.label)
        if not isinstance(first, Records):
            return None
        method = "filter" if "list" in dotted.rpartition(".")[2] else "get"
        named = [each for each in keywords if each[0] != "klass"]
        return self._evaluation.query_sets.call(site, first, method, arguments[1:], named, line)

    def _user_model(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        return ModelClass(self._knowledge.user_model)

    def _get_model(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        first = arguments[0] if arguments else keyword(keywords, "app_label")
        second = arguments[1] if len(arguments) > 1 else keyword(keywords, "model_name")
        app, model = _text(first), _text(second)
        if app is not None and model is not None:
            app = f"{app}.{model}"
        elif app is None or "." not in app:
            if first is not None or not arguments:
                return None
            site.gap("get-model-not-constant", "get_model", line)
            return None
        label = self._knowledge.label_named(app)
        if label is None:
            return None
        site.edge("get_model", site.label, label, app, line)
        return ModelClass(label)

    def _load(self, arguments: Arguments) -> Value:
        """`get_class("orders.models", "Order")`, and `get_classes` with a list of names."""
        module = _text(arguments[0]) if arguments else None
        if module is None or len(arguments) < 2:
            return None
        if isinstance(arguments[1], Listing):
            names = [_text(item) for item in arguments[1].items]
            return Listing(tuple(self._knowledge.loaded(module, name or "") for name in names))
        name = _text(arguments[1])
        return self._knowledge.loaded(module, name) if name else None

    def _import_path(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        path = _text(arguments[0]) if arguments else None
        if path is None:
            if arguments and isinstance(arguments[0], SettingsValue):
                return None
            site.gap("import-string-not-constant", dotted.rpartition(".")[2], line)
            return None
        site.use("path", path, line)
        return self._knowledge.located(path)

    def _pattern(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        if dotted.startswith("django."):
            pattern(site, arguments, keywords, line)
        return None

    def _run_python(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        for argument in (*arguments[:2], keyword(keywords, "code")):
            if isinstance(argument, FunctionRef):
                site.call(argument.dotted, line)
        return None

    def _url(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        if not dotted.startswith(("django.", "rest_framework.")):
            return None
        name = _text(arguments[0] if arguments else keyword(keywords, "viewname"))
        if name is not None and name and "/" not in name:
            site.use("url", name, line)
        return None

    def _template(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        for argument in arguments[:2]:
            for item in argument.items if isinstance(argument, Listing) else (argument,):
                name = _text(item)
                if name is not None and "." in name:
                    site.use("template", name, line)
        return None

    def _permission(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        self.permissions(site, arguments[0] if arguments else keyword(keywords, "perm"))
        return None

    def _command(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        name = _text(arguments[0]) if arguments else None
        if name is not None:
            site.use("command", name, line)
        return None

    def _on_commit(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        first = arguments[0] if arguments else keyword(keywords, "func")
        if isinstance(first, FunctionRef):
            site.call(first.dotted, line, "later")
        elif isinstance(first, Bound):
            if isinstance(first.owner, FunctionRef):
                site.call(first.owner.dotted, line, "task")
            elif first.dotted is not None:
                site.call(first.dotted, line, "later")
        return None

    def _partial(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        return arguments[0] if arguments else None

    def _raw_sql(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        first = arguments[0] if arguments else keyword(keywords, "sql")
        for statement in first.items if isinstance(first, Listing) else (first,):
            if isinstance(statement, Listing) and statement.items:
                statement = statement.items[0]  # a pair with its parameters
            self.sql(site, statement, line)
        return None

    def _start_task(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        if arguments and isinstance(arguments[0], FunctionRef):
            site.call(arguments[0].dotted, line, "task")
            return None
        return self._start_named_task(site, dotted, arguments, keywords, line)

    def _start_named_task(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        name = _text(arguments[0]) if arguments else None
        if name is not None:
            site.use("task", name, line)
        return None

    def _inline_formset(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        if len(arguments) > 1:
            parent, child = arguments[:2]
            if isinstance(parent, ModelClass) and isinstance(child, ModelClass):
                site.edge("form", parent.label, child.label, "inlineformset_factory", line)
        return None

    def _model_factory(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        if arguments and isinstance(arguments[0], ModelClass):
            site.edge("form", site.label, arguments[0].label, dotted.rpartition(".")[2], line)
        return None

    def _connect(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        signal = dotted.rpartition(".")[0]
        if ".signals." in signal:
            self.connect(site, signal, arguments, keywords, line)
        return None

    def _register(
        self, site: Site, dotted: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> Value:
        """`admin.site.register(Order, OrderAdmin)`, and a router's `register(prefix, ViewSet)`."""
        if not arguments:
            return None
        if isinstance(arguments[0], Text):
            self._route(site, arguments, keywords, line)
            return None
        models = arguments[0].items if isinstance(arguments[0], Listing) else (arguments[0],)
        given = arguments[1] if len(arguments) > 1 else keyword(keywords, "admin_class")
        for model in models:
            if isinstance(model, ModelClass) and ".admin." in dotted:
                site.edge("admin", "", model.label, "register", line)
                if isinstance(given, ClassRef):
                    self._knowledge.tell_subject(given.dotted, model.label)
        return None

    def _route(self, site: Site, arguments: Arguments, keywords: Keywords, line: int) -> None:
        view = arguments[1] if len(arguments) > 1 else keyword(keywords, "viewset")
        if not isinstance(view, ClassRef):
            return
        named = arguments[2] if len(arguments) > 2 else keyword(keywords, "basename")
        base = _text(named)
        if base is None:
            subject = self._evaluation.frameworks.subject(view.dotted)
            base = subject.rpartition(".")[2].lower() if subject else None
        if base is not None:
            for ending in ("list", "detail"):
                site.pattern(f"{base}-{ending}", view.dotted, line)

    def content_type_named(
        self, site: Site, arguments: Arguments, keywords: Keywords, line: int
    ) -> None:
        """`ContentType.objects.get(app_label="orders", model="order")`, or by natural key."""
        app = _text(keyword(keywords, "app_label") or (arguments[0] if arguments else None))
        model = _text(keyword(keywords, "model") or (arguments[1] if arguments[1:] else None))
        label = self._knowledge.label_named(f"{app}.{model}") if app and model else None
        if label is not None:
            site.edge("content_type", site.label, label, f"{app}.{model}", line)

    def _content_type(self, site: Site, arguments: Arguments, line: int) -> None:
        for argument in arguments:
            label = self._knowledge.label_of(argument)
            if label is not None:
                site.edge("content_type", site.label, label, "get_for_model", line)
