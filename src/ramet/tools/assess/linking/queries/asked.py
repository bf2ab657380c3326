"""Calls that ask for something by a name in a text, or hand over a function to be run.

What a URL's, a template's or a task's name leads to is known when all files are joined
(`linking.behaviour.uses`).
"""

from __future__ import annotations

from collections.abc import Callable

from ramet.tools.assess.linking.queries.called import Called, text_of
from ramet.tools.assess.linking.queries.site import Site
from ramet.tools.assess.linking.queries.urls import pattern
from ramet.tools.assess.linking.queries.values import (
    Bound,
    FunctionRef,
    Listing,
    ModelClass,
    Text,
    Value,
)

__all__ = ["ASKED", "ask_permissions", "start_named_task"]


def ask_permissions(site: Site, value: Value) -> None:
    """Write down `"app.permission"`, or several in a list."""
    for item in value.items if isinstance(value, Listing) else (value,):
        if isinstance(item, Text) and item.text.count(".") == 1:
            site.use("permission", item.text, item.line)


def start_named_task(called: Called) -> None:
    """`app.send_task("orders.tasks.notify")`."""
    name = called.text(0, "name")
    if name is not None:
        called.site.use("task", name, called.line)


def _url(called: Called) -> None:
    if not called.dotted.startswith(("django.", "rest_framework.")):
        return
    name = called.text(0, "viewname")
    if name and "/" not in name:
        called.site.use("url", name, called.line)


def _pattern(called: Called) -> None:
    if called.dotted.startswith("django."):
        pattern(called.site, called.arguments, called.keywords, called.line)


def _template(called: Called) -> None:
    for argument in called.arguments[:2]:
        for item in argument.items if isinstance(argument, Listing) else (argument,):
            name = text_of(item)
            if name is not None and "." in name:
                called.site.use("template", name, called.line)


def _permission(called: Called) -> None:
    ask_permissions(called.site, called.argument(0, "perm"))


def _command(called: Called) -> None:
    name = called.text(0, "command_name")
    if name is not None:
        called.site.use("command", name, called.line)


def _on_commit(called: Called) -> None:
    first = called.argument(0, "func")
    if isinstance(first, FunctionRef):
        called.site.call(first.dotted, called.line, "later")
    elif isinstance(first, Bound):
        if isinstance(first.owner, FunctionRef):
            called.site.call(first.owner.dotted, called.line, "task")
        elif first.dotted is not None:
            called.site.call(first.dotted, called.line, "later")


def _start_task(called: Called) -> None:
    first = called.argument(0, "func")
    if isinstance(first, FunctionRef):
        called.site.call(first.dotted, called.line, "task")
    else:
        start_named_task(called)


def _run_python(called: Called) -> None:
    for argument in (called.argument(0, "code"), called.argument(1, "reverse_code")):
        if isinstance(argument, FunctionRef):
            called.site.call(argument.dotted, called.line)


def _inline_formset(called: Called) -> None:
    parent, child = called.argument(0, "parent_model"), called.argument(1, "model")
    if isinstance(parent, ModelClass) and isinstance(child, ModelClass):
        called.site.edge("form", parent.label, child.label, called.name, called.line)


def _model_factory(called: Called) -> None:
    model = called.argument(0, "model")
    if isinstance(model, ModelClass):
        called.site.edge("form", called.site.label, model.label, called.name, called.line)


ASKED: dict[str, Callable[[Called], None]] = {
    "TemplateResponse": _template,
    "RunPython": _run_python,
    "async_task": _start_task,
    "call_command": _command,
    "enqueue": _start_task,
    "get_template": _template,
    "inlineformset_factory": _inline_formset,
    "modelform_factory": _model_factory,
    "modelformset_factory": _model_factory,
    "on_commit": _on_commit,
    "path": _pattern,
    "permission_required": _permission,
    "re_path": _pattern,
    "redirect": _url,
    "render": _template,
    "render_to_string": _template,
    "resolve_url": _url,
    "reverse": _url,
    "reverse_lazy": _url,
    "select_template": _template,
    "send_task": start_named_task,
    "url": _pattern,
}
"""Rules by the last part of the name that was imported."""
