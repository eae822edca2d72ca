"""The SQL that writes charges."""

from .charge import Charge

_TYPES = {
    "at": "timestamptz",
    "finished_at": "timestamptz",
    "tags": "text[]",
    "attempt": "int",
    "is_answer": "boolean",
    "status": '"AnswerStatus"',
    "empty": "boolean",
    "input_tokens": "int",
    "cached_input_tokens": "int",
    "cache_write_tokens": "int",
    "output_tokens": "int",
    "reasoning_tokens": "int",
    "estimated": "boolean",
    "simulated": "boolean",
    "own_key": "boolean",
    "cost": "numeric",
    "cost_source": '"CostSource"',
    "prices": "jsonb",
    "time_to_first_token": "float8",
    "time_to_first_answer": "float8",
    "response_time": "float8",
    "tokens_per_second": "float8",
    "first_of_run": "boolean",
    "first_of_provider": "boolean",
    "first_of_model": "boolean",
}
"""Of the columns that are not text."""

_COLUMNS = (*Charge.__dataclass_fields__, "first_of_run", "first_of_provider", "first_of_model")

_KEEP = """
charged AS (
  INSERT INTO charges ({columns})
  SELECT {columns} FROM closed, jsonb_to_recordset(row->'charges') AS new({types})
  ON CONFLICT (id) DO NOTHING)
"""

KEEP_CHARGES = _KEEP.format(columns=", ".join(_COLUMNS), types=", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _COLUMNS))
"""A part of a WITH clause: `close_turn` in `playground/comparison/recording/statements.py` describes `closed`."""
