"""What charges are added up by, and what is added up."""

from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("paid", "own_key", "simulated")
"""Who paid for a call; each is of one kind."""
KIND = "CASE WHEN simulated THEN 'simulated' WHEN own_key THEN 'own_key' ELSE 'paid' END"

# A call that is known to have used nothing (it was refused, for example) needs no price.
_USED_NOTHING = "(input_tokens = 0 AND output_tokens = 0)"
FIGURES: Mapping[str, str] = {
    "calls": "1",
    "answers": "is_answer::int",
    "failed_answers": "(is_answer AND status = 'failed')::int",
    "input_tokens": "coalesce(input_tokens, 0)",
    "cached_input_tokens": "coalesce(cached_input_tokens, 0)",
    "cache_write_tokens": "coalesce(cache_write_tokens, 0)",
    "output_tokens": "coalesce(output_tokens, 0)",
    "reasoning_tokens": "coalesce(reasoning_tokens, 0)",
    "estimated_answers": "estimated::int",
    "cost": "coalesce(cost, 0)",
    "priced": f"(cost IS NOT NULL AND (cost <> 0 OR {_USED_NOTHING} IS NOT TRUE))::int",
    "unknown_costs": f"(cost IS NULL AND {_USED_NOTHING} IS NOT TRUE)::int",
    "requests": "first_of_run::int",
    "provider_requests": "first_of_provider::int",
    "model_requests": "first_of_model::int",
}
"""The columns of `spend` that are sums, and what one charge adds to each."""

EMPTY = "''"
SUBJECTS: Mapping[str, str] = {
    "tenant_id": "coalesce(tenant_id, '')",
    "source": "source",
    "provider": "provider",
    "model": "model",
    "subject": EMPTY,
}
"""The columns of `spend` that say what a row is about, and what they are of a charge."""

QUARTER = "date_bin('15 minutes', charge.at, '2000-01-01T00:00:00Z')"
"""The quarter of an hour of a charge: the days of every time zone begin with one."""
DAY = "date_trunc('day', charge.at, 'UTC')"


@dataclass(frozen=True, slots=True)
class View:
    """One way in which charges are added up."""

    at: str
    """The time of a row, of a charge."""
    columns: Mapping[str, str]
    """What its rows are about, of a charge. Other columns of `SUBJECTS` are empty."""


_CALLS = {name: sql for name, sql in SUBJECTS.items() if name != "subject"}
VIEWS: Mapping[str, View] = {
    "quarters": View(QUARTER, _CALLS),
    "times": View(QUARTER, {}),
    "days": View(DAY, _CALLS),
    "users": View(DAY, {"subject": "user_id"}),
    "keys": View(DAY, {"subject": "coalesce(api_key_id, '')"}),
}
"""By the name in `spend.view`."""


COLUMNS = ("view", "at", *SUBJECTS, "kind", *FIGURES)
"""Of `spend`, in the order of `added_up`."""

_ADDED_UP = """
SELECT v.view, v.at, {subjects}, kind, {sums}
FROM (SELECT charge.*, {kind} AS kind FROM {charges} AS charge) AS charge,
  LATERAL (VALUES {views}) AS v(view, at, {names})
GROUP BY v.view, v.at, {subjects}, kind
"""


def added_up(charges: str) -> str:
    """Return the SELECT that adds up the rows of the table `charges` into rows of `spend`, for all views."""
    return _ADDED_UP.format(
        subjects=", ".join(f"v.{name}" for name in SUBJECTS),
        sums=", ".join(f"sum({sql})" for sql in FIGURES.values()),
        kind=KIND,
        charges=charges,
        views=", ".join(
            f"('{name}', {view.at}, {', '.join(view.columns.get(column, EMPTY) for column in SUBJECTS)})" for name, view in VIEWS.items()
        ),
        names=", ".join(SUBJECTS),
    )
