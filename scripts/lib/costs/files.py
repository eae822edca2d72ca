"""The cost report as CSV."""

import csv
import io

from lib.tally import Tally
from lib.units import exact

from .book import Book, Key


def as_csv(book: Book) -> str:
    """One row for each combination that was asked for, exact.

    Real and simulated amounts have columns of their own, so that the sum of `cost_usd` is real money whatever rows there are. An
    empty amount is not known; `unpriced_answers` says of how many answers.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ["simulated", "answers", "input_tokens", "output_tokens", "estimated_answers", "cost_usd", "unpriced_answers"]
    writer.writerow([*book.by, *columns, "simulated_cost_usd"])
    writer.writerows(_row(book, key, tally) for key, tally in book.rows())
    return text.getvalue()


def _row(book: Book, key: Key, tally: Tally) -> list[object]:
    about = [str(getattr(key, name)) for name in book.by]
    known = tally.known_cost
    amount = "" if known is None else exact(known)
    real, made_up = ("", amount) if key.simulated else (amount, "")
    tokens = [tally.input_tokens, tally.output_tokens, tally.estimated]
    return [*about, str(key.simulated).lower(), tally.answers, *tokens, real, tally.unpriced, made_up]
