"""`cost_report.py`: what the sessions cost, added up exactly."""

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from ..support.client import User
from ..support.scripted import ScriptedProvider
from .conftest import Run
from .test_bench_stream import Checker, priced


async def rows(run: Run, *arguments: str) -> list[dict[str, str]]:
    done = await run("cost_report.py", "--csv", "-", *arguments)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


async def test_cost_and_tokens_are_added_up_by_model_over_all_pages(run: Run, user: User, scripted: ScriptedProvider):
    known, unknown = scripted.model(priced), scripted.model(priced, priced=False)
    for _ in range(101):
        await user.compare("Hi", [known])
    await user.compare("Hi", [known, unknown, "sim/quick"], maxTokens=5)
    by_model = {row["model"]: row for row in await rows(run, "--by", "model")}
    assert (by_model[known]["answers"], by_model[known]["input_tokens"]) == ("102", "102000")
    assert Decimal(by_model[known]["cost_usd"]) == Decimal("0.002") * 102
    assert (by_model[unknown]["cost_usd"], by_model[unknown]["unpriced_answers"]) == ("", "1")
    assert by_model["sim/quick"]["cost_usd"] == ""
    assert Decimal(by_model["sim/quick"]["simulated_cost_usd"]) > 0


async def test_answers_with_own_keys_are_separate_as_in_the_report_of_the_service(
    run: Run, user: User, scripted: ScriptedProvider, tmp_path: Path
):
    model = scripted.model(priced)
    await user.compare("Hi", [model, "sim/quick"], maxTokens=5)
    stored = await user.http.put("/users/me/provider-keys/scripted", json={"key": "sk-of-ones-own-account"})
    assert stored.status_code == 200, stored.text
    for _ in range(2):
        await user.compare("Hi", [model])
    found = {(row["model"], row["own_key"]): row for row in await rows(run, "--by", "model")}
    assert set(found) == {(model, "false"), (model, "true"), ("sim/quick", "false")}
    report = (await user.http.get("/reports/costs", params={"groupBy": "model"})).json()
    [row] = [row for row in report["rows"] if row["model"] == model]
    paid, own = found[model, "false"], found[model, "true"]
    assert (Decimal(paid["cost_usd"]), paid["own_key_cost_usd"]) == (Decimal(row["cost"]), "")
    assert (own["cost_usd"], Decimal(own["own_key_cost_usd"])) == ("", Decimal(row["ownKey"]["cost"]))
    assert [int(each["answers"]) for each in (paid, own)] == [row["answers"], row["ownKey"]["answers"]] == [1, 2]
    done = await run("cost_report.py", "--by", "model", "--html", "costs.html", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(line.startswith("service's keys") and line.endswith("$0.002") for line in lines)
    assert any(line.startswith("users' own keys") and line.endswith("$0.004 own key") for line in lines)
    page = (tmp_path / "costs.html").read_text()
    assert "Cost on users&#x27; own keys by day" in page


async def test_rows_can_be_by_day_and_provider(run: Run, user: User, scripted: ScriptedProvider):
    await user.compare("Hi", [scripted.model(priced), scripted.model(priced), "sim/quick"], maxTokens=5)
    found = {(row["provider"], row["answers"]) for row in await rows(run, "--by", "day,provider")}
    assert found == {("scripted", "2"), ("sim", "1")}


async def test_a_range_ends_with_its_last_day_in_the_time_zone_of_the_report(run: Run, user: User):
    await user.compare("Hi", ["sim/quick"], maxTokens=5)
    [session] = (await user.http.get("/playground/sessions")).json()["items"]
    day = datetime.fromisoformat(session["createdAt"]).astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    for last, answers in ((day, ["1"]), (day - timedelta(days=1), [])):
        found = await rows(run, "--by", "model", "--to", last.isoformat(), "--time-zone", "Pacific/Kiritimati")
        assert [row["answers"] for row in found] == answers


async def test_an_api_key_with_sessions_read_is_enough(run: Run, user: User):
    await user.compare("Hi", ["sim/quick"], maxTokens=5)
    body = {"name": "Costs", "scopes": ["sessions:read"]}
    key = (await user.http.post("/users/me/api-keys", json=body)).json()["key"]
    done = await run("cost_report.py", "--by", "model", "--csv", "-", PLAYGROUND_TOKEN=key, PLAYGROUND_EMAIL="", PLAYGROUND_PASSWORD="")
    assert done.returncode == 0, done.stderr
    assert "sim/quick" in done.stdout


async def test_a_range_of_days_without_sessions_is_empty(run: Run, user: User):
    await user.compare("Hi", ["sim/quick"], maxTokens=5)
    assert await rows(run, "--from", "2001-01-01", "--to", "2001-01-31") == []


async def test_the_page_has_a_chart_and_loads_nothing(run: Run, user: User, scripted: ScriptedProvider, tmp_path: Path):
    await user.compare("Hi", [scripted.model(priced)])
    done = await run("cost_report.py", "--html", "costs.html")
    assert done.returncode == 0, done.stderr
    page = Checker()
    page.feed((tmp_path / "costs.html").read_text())
    assert "svg" in page.tags
    assert page.loads == []
