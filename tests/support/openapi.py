"""What the OpenAPI document says of operations, and the smallest values that fit its schemas."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from playground.app import create_app

JSON_TYPE = "application/json"
_BY_FORMAT = {"email": "somebody@example.org", "date-time": "2026-11-21T08:00:00Z", "date": "2026-11-21", "uri": "https://example.org"}


@cache
def document() -> dict[str, Any]:
    """The whole document, to be read and not changed: to make it takes a third of a second."""
    return create_app().openapi()


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    document: dict[str, Any]
    method: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def _described(self) -> dict[str, Any]:
        described: dict[str, Any] = self.document["paths"][self.path][self.method]
        return described

    @property
    def tags(self) -> list[str]:
        return list(self._described.get("tags", []))

    def parameters(self, place: str) -> list[dict[str, Any]]:
        """Those in the `path`, the `query` or a `header`."""
        return [parameter for parameter in self._described.get("parameters", []) if parameter["in"] == place]

    @property
    def body_schema(self) -> dict[str, Any] | None:
        """Of the JSON body, without the choice of none."""
        content = self._described.get("requestBody", {}).get("content", {})
        return self.plain(content[JSON_TYPE]["schema"]) if JSON_TYPE in content else None

    def plain(self, schema: dict[str, Any]) -> dict[str, Any]:
        """`schema` with references followed and the first choice taken."""
        while True:
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            elif choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
                schema = next(each for each in choices if each.get("type") != "null")
            else:
                return schema

    def value(self, schema: dict[str, Any]) -> Any:
        """The smallest value that fits; an example where there is one."""
        plain = self.plain(schema)
        for described in (schema, plain):
            for name in ("examples", "enum"):
                if described.get(name):
                    return described[name][0]
        match plain.get("type"):
            case "object":
                return {name: self.value(plain["properties"][name]) for name in plain.get("required", [])}
            case "array":
                return [self.value(plain["items"])] * plain.get("minItems", 0)
            case "string":
                return _BY_FORMAT.get(plain.get("format", ""), "x" * max(4, plain.get("minLength", 0)))
            case "integer" | "number":
                return plain.get("minimum", plain.get("exclusiveMinimum", 0) + 1)
        return plain.get("const", plain.get("type") == "boolean" or None)

    def body(self) -> Any:
        """The smallest valid body; `None` when none is taken."""
        return None if self.body_schema is None else self.value(self.body_schema)

    def query(self) -> dict[str, Any]:
        """The smallest valid query."""
        return {each["name"]: self.value(each["schema"]) for each in self.parameters("query") if each.get("required")}


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """All operations of a document."""
    for path, methods in document["paths"].items():
        for method in methods:
            yield Operation(document, method, path)
