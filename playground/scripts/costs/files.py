"""The cost report as CSV."""

import csv
import io

from playground.scripts.tally import Tally
from playground.scripts.units import exact

from .book import KINDS, Book, Key


def as_csv(book: Book) -> str:
    """Return one row per combination, with exact amounts.

    The amounts of each kind have a column of their own, so that the sum of `cost_usd` is what the service's keys paid whatever rows there
    are. An empty amount is not known; `unpriced_answers` says of how many answers.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ["simulated", "answers", "input_tokens", "output_tokens", "estimated_answers", "cost_usd", "unpriced_answers"]
    writer.writerow([*book.by, *columns, "simulated_cost_usd", "own_key", "own_key_cost_usd"])
    writer.writerows(_row(book, key, tally) for key, tally in book.rows())
    return text.getvalue()


def _row(book: Book, key: Key, tally: Tally) -> list[object]:
    about = [str(getattr(key, name)) for name in book.by]
    known = tally.known_cost
    amount = "" if known is None else exact(known)
    paid, own_key, made_up = (amount if key.kind == kind else "" for kind in KINDS)
    tokens = [tally.input_tokens, tally.output_tokens, tally.estimated]
    simulated, on_own_key = (str(key.kind == kind).lower() for kind in ("simulated", "own key"))
    return [*about, simulated, tally.answers, *tokens, paid, tally.unpriced, made_up, on_own_key, own_key]
