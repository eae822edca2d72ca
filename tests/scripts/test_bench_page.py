"""The benchmark's page: what is simulated is never taken for more, and labels of axes have room."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest

from playground.scripts.bench.answer import Answer
from playground.scripts.bench.page import as_html
from playground.scripts.bench.plan import Plan
from playground.scripts.bench.prompts import Prompt
from playground.scripts.bench.summary import Report
from playground.scripts.charts.scale import fit


def page(simulated: dict[str, bool], *, answers: int = 3) -> str:
    """The page of a benchmark of these models, the first of which is the fastest; one more answer of each failed."""
    done = []
    for place, (model, made_up) in enumerate(simulated.items(), 1):
        for number in range(answers):
            answer = Answer(model, 1, number, model, simulated=made_up, status="completed", input_tokens=1, output_tokens=1)
            answer.cost = Decimal("0.01")
            answer.time_to_first_token = answer.response_time = 8.0 * place + number
            answer.tokens_per_second = 1_000 / place + number
            done.append(answer)
        done.append(Answer(model, 1, answers, model, simulated=made_up, status="failed", input_tokens=0, output_tokens=0))
    report = Report(
        plan=Plan(tuple(simulated), (Prompt(1, "Hi"),), answers + 1, 1, 0, False, {}),
        place="localhost",
        started_at=datetime.now(UTC),
        seconds=1.0,
        interrupted=False,
        answers=done,
        warm_ups=[],
        listed_as_simulated=set(),
    )
    return as_html(report)


def best(text: str) -> list[str]:
    return re.findall(r"<dt>(?:Fastest first token|Most tokens per second)</dt><dd>([^<]*)<", text)


def test_a_real_model_is_best_however_fast_a_simulated_one_is() -> None:
    assert best(page({"sim/quick": True, "acme/good": False, "acme/slow": False})) == ["acme/good"] * 2


def test_the_best_of_simulated_models_is_labelled() -> None:
    assert best(page({"sim/quick": True, "sim/careful": True})) == ["sim/quick (simulated)"] * 2


def test_curves_of_simulated_models_are_labelled() -> None:
    text = page({"sim/quick": True, "acme/good": False})
    curves = re.findall(r'<path class="line[^>]*><title>([^<]*)<', text)
    assert set(curves) == {"sim/quick (simulated)", "acme/good"}
    assert set(re.findall(r"<title>([^<]*): median", text)) == {"sim/quick (simulated)", "acme/good"}
    [first, *_] = re.findall(r'<ul class="legend">(.*?)</ul>', text)
    assert first.count("simulated") == 1


def test_the_line_of_real_money_counts_no_answers() -> None:
    [foot] = re.findall("<tfoot>(.*?)</tfoot>", page({"sim/quick": True, "acme/good": False}), re.DOTALL)
    assert [cell for cell in re.findall("<td[^>]*>([^<]*)</td>", foot) if cell] == ["Real money", "$0.03"]


@pytest.mark.parametrize("decades", [1.7, 2, 2.3, 2.6, 3, 5, 6, 14])
def test_ticks_of_a_logarithmic_axis_keep_their_distance(decades: float) -> None:
    for lowest in (0.001, 0.7, 1, 1.3, 4, 8):
        scale = fit([lowest, lowest * 10**decades], ticks=5)
        places = [scale.at(tick) for tick in scale.ticks]
        assert scale.logarithmic
        assert len(places) >= 2
        assert all(after - before >= 1 / 5 - 1e-9 for before, after in pairwise(places))
