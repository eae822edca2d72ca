"""Fixes for how the client of `prisma` 0.15.0 handles text, money and logs. It is no longer developed, so they are permanent.

The whole client is generated into `playground/database/generated`: the distribution `prisma` is only needed for building.
"""

import logging
from decimal import Decimal
from typing import Any

# The functions to fix are in private modules of the package.
from playground.database import generated
from playground.database.generated import Json, _builder, _raw_query

CLIENT_VERSION = generated.__version__
_dumps = _builder.dumps


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
