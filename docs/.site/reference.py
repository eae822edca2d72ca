"""Writes the reference of the documentation's site from the code: settings, commands, events, errors, the API."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer.main

from playground.app import create_app
from playground.cli import app as cli
from playground.comparison.stream.event_docs import EVENTS
from playground.files import CHECKOUT
from playground.kit.errors import Problem
from playground.providers.errors.kinds import ProviderError

_SCHEMAS = "#/components/schemas/"
_METHODS = ("get", "post", "put", "patch", "delete")


def reference_pages() -> dict[str, str]:
    """Return the generated pages as Markdown, by their paths on the site."""
    document = create_app().openapi()
    return {
        "reference/settings.md": "\n".join(_settings()),
        "reference/commands.md": "\n".join(_commands()),
        "reference/events.md": "\n".join(_events(document)),
        "reference/errors.md": "\n".join(_errors()),
        "reference/api.md": "\n".join(_api(document)),
        "reference/schemas.md": "\n".join(_schemas(document)),
    }


def _settings() -> Iterator[str]:
    """Yield a table for each part of `.env.example`. A comment explains the variables that follow it."""
    yield "# Settings\n\nEnvironment variables, or lines of a file `.env` in the current folder. The environment takes precedence.\n"
    _, *parts = re.split(r"^# --- (.+) ---$", (CHECKOUT / ".env.example").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        yield f"## {heading}\n\n| variable | default | meaning |\n| --- | --- | --- |"
        comment: list[str] = []
        for line in body.splitlines():
            if line.startswith("#"):
                comment.append(line.removeprefix("#").strip())
            elif line:
                name, _, default = line.partition("=")
                yield _row(f"`{name}`", f"`{default}`" if default else "none", " ".join(comment) or "as above")
                comment = []
        yield ""


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    for name, command in sorted(typer.main.get_command(cli).commands.items()):  # type: ignore[attr-defined]
        yield from _command(f"playground {name}", command)


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}\n\n{_paragraphs(command.help)}\n"
    if hasattr(command, "commands"):
        for sub_name, sub_command in sorted(command.commands.items()):
            yield from _command(f"{name} {sub_name}", sub_command)
        return
    parameters = [each for each in command.params if "--help" not in each.opts]
    if parameters:
        yield "| parameter | default | meaning |\n| --- | --- | --- |"
    for each in parameters:
        shown = each.opts if each.param_type_name == "option" else [each.name.upper()]
        default = f"`{each.default}`" if isinstance(each.default, int | float | str) and each.default not in ("", False) else ""
        variable = f" (`{each.envvar}`)" if each.envvar else ""
        yield _row(" ".join(f"`{name}`" for name in shown), default, f"{each.help or ''}{variable}")
    yield ""


def _events(document: dict[str, Any]) -> Iterator[str]:
    yield "# Fields of events\n\n[Events](../api/events.md) explains when each is sent. Fields without a mark are always present.\n"
    for event in EVENTS:
        yield f"## {event.__struct_config__.tag}\n\n{_paragraphs(inspect.getdoc(event))}\n"
        yield from _properties(document["components"]["schemas"][event.__name__])


def _errors() -> Iterator[str]:
    yield "# Error codes\n\n[Errors](../api/errors.md) explains how errors look and what helps.\n\n## Of the service\n"
    yield "The last part of a problem's `type`, `urn:playground:problem:CODE`.\n\n| code | status | meaning |\n| --- | --- | --- |"
    problems = {each.code: each for each in _derived(Problem)}
    for code, problem in sorted(problems.items()):
        yield _row(f"`{code}`", str(problem.status), _first_line(problem))
    yield "\n## Of a provider\n\nThe `code` of an `error` event.\n\n| code | retrying can help | meaning |\n| --- | --- | --- |"
    kinds: dict[str, type[ProviderError]] = {}
    for kind in _derived(ProviderError):
        kinds.setdefault(kind.code, kind)
    for code, kind in sorted(kinds.items()):
        yield _row(f"`{code}`", "yes" if kind.retryable else "no", _first_line(kind))
    yield ""


def _api(document: dict[str, Any]) -> Iterator[str]:
    yield "# All calls\n\nThe pages of [the API](../api/README.md) explain them, and `/docs` of a running service lets you try them.\n"
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                tag = methods[method].get("tags", ["other"])[0]
                by_tag.setdefault(tag, []).append((method, path, methods[method]))
    for tag, operations in sorted(by_tag.items()):
        yield f"## {tag.capitalize()}\n"
        for method, path, operation in operations:
            yield from _operation(method, path, operation)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### {method.upper()} {_plain(path)}\n\n{_paragraphs(operation.get('description'))}\n"
    if schemes := [name for each in operation.get("security", ()) for name in each]:
        yield f"Credentials: {' or '.join(schemes)}.\n"
    if parameters := operation.get("parameters"):
        yield "| parameter | in | type | meaning |\n| --- | --- | --- | --- |"
        for each in parameters:
            required = "" if each.get("required") else " (optional)"
            yield _row(f"`{each['name']}`", each["in"], _type(each["schema"]) + required, each.get("description", ""))
        yield ""
    if body := operation.get("requestBody"):
        yield f"Body: {', '.join(_contents(body))}.\n"
    yield "| status | answer |\n| --- | --- |"
    for status, answer in sorted(operation["responses"].items()):
        yield _row(status, ", ".join(_contents(answer)) or answer["description"])
    yield ""


def _contents(described: dict[str, Any]) -> Iterator[str]:
    for media_type, content in described.get("content", {}).items():
        schema = _type(content["schema"]) if content.get("schema") else ""
        yield f"{schema} as `{media_type}`" if schema else f"`{media_type}`"


def _schemas(document: dict[str, Any]) -> Iterator[str]:
    yield "# Schemas\n\nThe objects that calls accept and return.\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"## {name}\n\n{_paragraphs(schema.get('description'))}\n"
        yield from _properties(schema)


def _properties(schema: dict[str, Any]) -> Iterator[str]:
    if not schema.get("properties"):
        return
    required = set(schema.get("required", ()))
    yield "| field | type | meaning |\n| --- | --- | --- |"
    for name, field in schema["properties"].items():
        yield _row(f"`{name}`", _type(field) + ("" if name in required else " (optional)"), field.get("description", ""))
    yield ""


def _type(schema: dict[str, Any]) -> str:
    """Return a schema in words, with a link to a named one."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMAS)
        return f"[{name}](schemas.md#{name.lower()})"
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(map(_type, schema[choice])))
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    return f"list of {_type(schema.get('items', {}))}" if kind == "array" else str(kind)


def _derived(base: Any) -> Iterator[Any]:
    for each in base.__subclasses__():
        if each.__module__.startswith("playground."):
            yield each
            yield from _derived(each)


def _first_line(documented: type) -> str:
    return (inspect.getdoc(documented) or "").partition("\n\n")[0]


def _paragraphs(text: str | None) -> str:
    return _plain(inspect.cleandoc(text or ""))


def _row(*cells: str) -> str:
    return f"| {' | '.join(_cells(cells))} |"


def _cells(cells: Sequence[str]) -> Iterable[str]:
    for cell in cells:
        yield _plain(cell).replace("\n", " ").replace("|", "\\|")


def _plain(text: str) -> str:
    """Return text in which no angle bracket begins a tag of HTML; between backquotes none does."""
    parts = text.split("`")
    parts[::2] = [part.replace("<", "&lt;") for part in parts[::2]]
    return "`".join(parts)
