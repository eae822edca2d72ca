"""Everything that is used of Prisma's client beyond its documented names: to give it our engine, and to fix its text, money and logs.

Read in version 0.15.0, the last one: the client is no longer developed, so the fixes are permanent. The whole client is generated into
`playground/database/generated`: the distribution `prisma` is only needed for building, and pinned, so no other version can take its place
at run time. A test fails when a name is gone. There is no other way to do these things: without a name, the service does not start.

| name | used to |
| --- | --- |
| `Prisma._engine` | give the client our connection, because it would start an engine of its own |
| `AsyncQueryEngine.stop` | prevent the client from ending the process at exit |
| `BaseHTTPEngine._process_response_data` | raise the client's errors for our engine's responses |
| `_builder.dumps` | store text and `Json` values as they are |
| `_raw_query.DESERIALIZERS` | read `numeric` as `Decimal` |
"""

import atexit
import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import aiohttp

# The functions to fix are in private modules of the package.
from playground.database import generated
from playground.database.generated import Json, Prisma, _builder, _raw_query
from playground.database.generated.client import PACKAGED_SCHEMA_PATH
from playground.database.generated.engine import AsyncQueryEngine

Method = Literal["GET", "POST"]
CLIENT_VERSION = generated.__version__
_dumps = _builder.dumps


class ExternalEngine(AsyncQueryEngine):
    """An engine whose process the client doesn't manage. Derived classes send the requests."""

    def __init__(self) -> None:
        super().__init__(dml_path=PACKAGED_SCHEMA_PATH)
        atexit.unregister(self.stop)

    def result_of(self, answer: object, response: aiohttp.ClientResponse) -> Any:  # noqa: ANN401  (as in the client)
        """Return the result in a response. Raises the client's errors."""
        return self._process_response_data(data=answer, response=response)  # type: ignore[arg-type]  # It only reads the status.

    def stop(self, *, timeout: timedelta | None = None) -> None:
        """Do nothing: `running_engine` ends the process and closes the connection. The client's version leaks a task."""


def give_engine(client: Prisma, engine: ExternalEngine) -> None:
    """Let the client send its queries to `engine`, as if it had connected."""
    client._engine = engine


def engine_of(client: Prisma) -> object:
    """Return the engine that `give_engine` gave to the client."""
    return client._engine


def mend_client() -> None:
    """Fix the client for the whole process. Must be called once, before its first query."""
    _builder.dumps = _mended_dumps
    # `query_raw` returned `numeric` as float. Money is Decimal everywhere.
    _raw_query.DESERIALIZERS["decimal"] = _exact_decimal
    # At debug level, the client logs every query and response in full, including prompts and secrets, and httpx logs a line for each.
    for chatty in (generated.__name__, "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _mended_dumps(obj: object, **options: Any) -> str:  # noqa: ANN401  (as the function that it replaces)
    """Return the client's JSON for GraphQL, with two fixes.

    The query builder indents with `textwrap.indent`, which treats U+0085, U+2028 and U+2029 as line ends (JSON escapes the others), and
    so inserts spaces into the text to store. Here they are escaped.

    A `Json` value became an ordinary string, and our engine would store it as one. Here it becomes a block string, which is used for
    nothing else, so that `engine/translation.mjs` recognises it.
    """
    text = _dumps(obj.data if isinstance(obj, Json) else obj, **options)
    text = text.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    # The spaces separate its quotes from these; JSON never has three quotes in a row.
    return f'""" {text} """' if isinstance(obj, Json) else text


def _exact_decimal(value: str, _for_model: bool) -> Decimal:
    return Decimal(value)
