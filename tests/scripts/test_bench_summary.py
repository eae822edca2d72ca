"""What answers come to that broke before the service could say whose they are."""

from datetime import UTC, datetime
from decimal import Decimal

from playground.scripts.bench.answer import Answer
from playground.scripts.bench.plan import Plan
from playground.scripts.bench.prompts import Prompt
from playground.scripts.bench.summary import Report


def test_an_answer_that_failed_before_its_first_event_counts_for_its_model() -> None:
    models = ("sim/quick", "acme/good", "sim/listed")
    introduced = [
        Answer(model, 1, 1, model, simulated=model.startswith("sim/"), status="completed", cost=Decimal("0.01")) for model in models[:2]
    ]
    broken = [Answer(model, 1, 2, model) for model in models]
    for answer in broken:
        answer.fail("connection_lost", "The connection broke.")
    report = Report(
        plan=Plan(models, (Prompt(1, "Hi"),), 2, 1, 1, False, {}),
        place="localhost",
        started_at=datetime.now(UTC),
        seconds=1.0,
        interrupted=False,
        answers=[*introduced, *broken],
        warm_ups=[Answer("sim/quick", 1, 1, "sim/quick", status="failed")],
        listed_as_simulated={"sim/listed"},
    )
    assert [answer.simulated for answer in broken] == [True, False, True]
    assert (report.real.answers, report.real.unpriced, report.real.cost) == (2, 1, Decimal("0.01"))
    assert (report.made_up.answers, report.made_up.unpriced) == (3, 2)
    assert report.warm_up_real.answers == 0
