"""What the client of `prisma` 0.15.0 does to text, to money and to logs, mended. It is no longer developed, so this is ours to keep.

The client is generated into `playground/database/generated`, whole: the distribution `prisma` is needed to build, not to run.
"""

import logging
from decimal import Decimal
from typing import Any

# The functions to mend are in modules that the package does not show.
from playground.database import generated
from playground.database.generated import Json, _builder, _raw_query

CLIENT_VERSION = generated.__version__
_dumps = _builder.dumps


def mend_client() -> None:
    """Mends the client, for the whole process. To be called once, before its first query."""
    _builder.dumps = _mended_dumps
    # `numeric` came out of `query_raw` as a float. Money is Decimal from end to end.
    _raw_query.DESERIALIZERS["decimal"] = _exact_decimal
    # At the level "debug" the client logs each query and each answer whole, prompts and secrets too, and httpx a line for each.
    for chatty in (generated.__name__, "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _mended_dumps(obj: object, **options: Any) -> str:  # noqa: ANN401  (as the function that it replaces)
    """The client's JSON, which it puts into GraphQL, mended in two ways.

    Its query builder indents with `textwrap.indent`, which takes U+0085, U+2028 and U+2029 for the ends of lines (JSON escapes the
    others that it knows), and so puts spaces into the text that is to be stored. Here they are escaped.

    A `Json` value became a string like any other, and our engine would store it as that. Here it becomes a block string, which
    nothing else does, so that `engine/translation.mjs` knows it.
    """
    text = _dumps(obj.data if isinstance(obj, Json) else obj, **options)
    text = text.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    # The spaces keep its own quotes apart from these; JSON has never three quotes in a row.
    return f'""" {text} """' if isinstance(obj, Json) else text


def _exact_decimal(value: str, _for_model: bool) -> Decimal:
    return Decimal(value)
