"""What a user may use in a day and a month: counted exactly, reserved before anything is sent, settled by what it came to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from playground.accounts.identity import User as Asker
from playground.accounts.service import TERMINAL_LIMITS
from playground.catalogue.catalogue import Catalogue
from playground.comparison.plan import LanePlan, RunPlan
from playground.kit.ids import new_id, new_run_id
from playground.limits.policy import LimitOverrides
from playground.limits.service import LimitService
from playground.providers.calls import Message, ModelCall
from playground.providers.records import Provider

from ..support.client import User, next_event, of_type, parse_events
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Limited, all_at_once, answering, reported_limits, settled_usage_of, statuses, usage_of


def compare(user: User, *models: str, url: str = "", **body: Any) -> Callable[[], Any]:
    return lambda: user.http.post(f"{url}/playground/stream", json={"prompt": "Hi", "models": models, **body})


def assert_refused(response: httpx.Response, limit: str, **figures: object) -> dict[str, Any]:
    assert response.status_code == 429, response.text
    problem: dict[str, Any] = response.json()
    assert problem["limit"] == limit
    assert {name: problem[name] for name in figures} == figures
    assert int(response.headers["retry-after"]) >= 1
    assert datetime.fromisoformat(problem["resetsAt"]) > datetime.now(UTC)
    assert "user-requests" in reported_limits(response)
    return problem


async def test_one_request_is_one_turn_however_many_lanes_it_has(limited: Limited, scripted: ScriptedProvider) -> None:
    model = scripted.model(answering(3, 4))
    async with limited.user(dailyRequests=2) as user:
        for _ in range(2):
            assert (await compare(user, *[model] * 3)()).status_code == 200
        refused = await compare(user, model)()
        usage = await usage_of(user)
    problem = assert_refused(refused, "daily-requests", used=2, max=2)
    assert datetime.fromisoformat(problem["resetsAt"]) - datetime.now(UTC) <= timedelta(days=1)
    assert reported_limits(refused)["daily-requests"][2] == 0
    assert len(scripted.asked(model)) == 6
    assert (usage["dailyRequests"]["used"], usage["dailyRequests"]["left"], usage["monthlyRequests"]["used"]) == (2, 0, 2)


async def test_with_fifty_left_two_hundred_simultaneous_requests_to_two_services_start_exactly_fifty(
    limited: Limited, replica: Limited, scripted: ScriptedProvider
) -> None:
    model = scripted.model(answering(3, 4))
    async with limited.user(dailyRequests=50, streams=None) as user:
        # Short answers: what is reserved at once must not reach the limit of tokens.
        answers = await all_at_once(
            [compare(user, model, url=service.url, maxTokens=10) for service in (limited, replica) for _ in range(100)]
        )
        usage = await settled_usage_of(user)
    assert statuses(answers) == {200: 50, 429: 150}
    assert {answer.json()["limit"] for answer in answers if answer.status_code == 429} == {"daily-requests"}
    assert len(scripted.asked(model)) == 50
    assert usage["dailyRequests"] | {"resetsAt": None} == {"max": 50, "used": 50, "left": 0, "resetsAt": None}
    assert (usage["monthlyTokens"]["used"], usage["monthlyTokens"]["reserved"]) == (50 * 7, 0)


async def test_attempts_that_may_be_charged_are_not_retried_without_a_reservation(limited: Limited, scripted: ScriptedProvider) -> None:
    async def breaks(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.event({"error": {"message": "Something went wrong."}})

    async def busy(exchange: Exchange) -> None:
        await exchange.error(503, {"error": {"message": "Busy."}})

    taken, refused = scripted.model(breaks), scripted.model(busy)
    async with limited.user(monthlyTokens=1_000) as user:
        response = await compare(user, taken, refused, maxTokens=50)()
        usage = await settled_usage_of(user)
    assert [metrics["attempts"] for metrics in of_type(parse_events(response.text), "metrics")] == [1, 3]
    assert (len(scripted.asked(taken)), len(scripted.asked(refused))) == (1, 3)
    assert 0 < usage["monthlyTokens"]["used"] < 50


@pytest.mark.parametrize(
    ("limit", "most", "used", "nothing"),
    [("monthlyTokens", 3_500, 3 * 1_010, 0), ("monthlyBudget", "0.007", "0.00603", "0")],
)
async def test_concurrent_usage_never_exceeds_the_limit(
    limited: Limited, scripted: ScriptedProvider, gate: Gate, limit: str, most: object, used: object, nothing: object
) -> None:
    model = scripted.model(answering(10, 1000, gate))
    async with limited.user(**{limit: most}) as user:
        # Each may take 1,000 tokens and the prompt's, for US$ 1 and 2 per million, so three fit, and while they run no other does.
        refused = 0

        async def ask() -> httpx.Response:
            nonlocal refused
            response: httpx.Response = await compare(user, model, maxTokens=1000)()
            refused += response.status_code == 429
            if refused == 9:
                gate.open()
            return response

        answers = await all_at_once([ask] * 12)
        usage = await usage_of(user)
    assert statuses(answers) == {200: 3, 429: 9}
    assert len(scripted.asked(model)) == 3
    assert (usage[limit]["used"], usage[limit]["reserved"]) == (used, nothing)


async def test_reservations_of_runs_are_shown_and_released_at_their_end(limited: Limited, scripted: ScriptedProvider, gate: Gate) -> None:
    model = scripted.model(answering(9, 20, gate))
    async with limited.user(monthlyTokens=6_000, monthlyBudget="0.02") as user:
        async with user.stream(json={"prompt": "Hi", "models": [model], "maxTokens": 4_000}) as events:
            await next_event(events, "chunk")
            during = await usage_of(user)
            refused = await compare(user, model, maxTokens=4_000)()
            gate.open()
            await next_event(events, "done")
        after = await usage_of(user)
        again = await compare(user, model, maxTokens=4_000)()
    tokens, budget = during["monthlyTokens"], during["monthlyBudget"]
    assert 4_000 < tokens["reserved"] < 4_020
    assert (tokens["used"], tokens["left"]) == (0, 6_000 - tokens["reserved"])
    # The model costs US$ 1 and 2 per million tokens.
    assert Decimal(budget["reserved"]) == Decimal(tokens["reserved"] + 4_000) / 1_000_000
    assert Decimal(budget["left"]) == Decimal("0.02") - Decimal(budget["reserved"])
    problem = assert_refused(refused, "monthly-tokens", used=0, reserved=tokens["reserved"], max=6_000)
    assert problem["wanted"] == tokens["reserved"]
    # Only the other run is in the way: it is worth asking soon.
    assert int(refused.headers["retry-after"]) <= 30
    assert (after["monthlyTokens"]["used"], after["monthlyTokens"]["reserved"]) == (29, 0)
    assert (after["monthlyBudget"]["used"], after["monthlyBudget"]["reserved"]) == ("0.000049", "0")
    assert again.status_code == 200


async def test_an_exhausted_budget_refuses_models_that_cost_money(limited: Limited, scripted: ScriptedProvider) -> None:
    model = scripted.model(answering(1_000, 500))
    async with limited.user(monthlyBudget="0.01") as user:
        assert (await compare(user, model, maxTokens=1_000)()).status_code == 200
        refused = await compare(user, model, maxTokens=5_000)()
        # What is free, or of unknown price, is not held up by money.
        unpriced = scripted.model(answering(1_000, 500), priced=False)
        free = await compare(user, "sim/quick", unpriced, maxTokens=5_000)()
        usage = await usage_of(user)
    assert_refused(refused, "monthly-budget", used="0.002", reserved="0", max="0.01")
    assert len(scripted.asked(model)) == 1
    assert free.status_code == 200
    assert of_type(parse_events(free.text), "done")[0]["unknownCosts"] == 1
    assert usage["monthlyBudget"]["used"] == "0.002"


async def test_simulated_tokens_count_and_simulated_money_does_not(limited: Limited) -> None:
    async with limited.user(monthlyBudget="0", monthlyTokens=100_000) as user:
        events = await user.compare("Hi", ["sim/quick"])
        usage = await usage_of(user)
    assert usage["monthlyTokens"]["used"] == of_type(events, "done")[0]["totalTokens"] > 0
    assert usage["monthlyBudget"]["used"] == "0"


@pytest.mark.parametrize(
    ("limits", "sent"), [({}, 4096), ({"monthlyTokens": None}, None), ({"monthlyTokens": None, "monthlyBudget": "1"}, 4096)]
)
async def test_with_limited_tokens_or_money_answers_have_a_maximum_length(
    limited: Limited, scripted: ScriptedProvider, limits: dict[str, Any], sent: int | None
) -> None:
    model = scripted.model(answering(3, 4))
    async with limited.user(**limits) as user:
        estimate = await user.http.post("/playground/estimate", json={"prompt": "Hi", "models": [model]})
        await user.compare("Hi", [model])
        await user.compare("Hi", [model], maxTokens=9_000)
    assert [asked.get("max_tokens") for asked in scripted.asked(model)] == [sent, 9_000]
    assert estimate.json()["lanes"][0]["maxOutputTokens"] == (sent or 16_384)


def plan_of(provider: Provider, model: str, prompt: str, *, max_tokens: int | None = None) -> RunPlan:
    call = ModelCall(provider, model, (Message("user", prompt),), max_tokens=max_tokens)
    lane = LanePlan(new_id(), 0, f"{provider.id}/{model}", call, new_id(), {})
    return RunPlan(new_run_id(), new_id(), new_id(), 1, "", "Title", prompt, (lane,), datetime.now(UTC), True, 0)


async def test_a_limited_answer_is_at_most_what_the_prompt_leaves(limited: Limited, user: User) -> None:
    services = limited.service.services
    provider = services.get(Catalogue).resolve("sim/flaky").provider
    plan = replace(plan_of(provider, "flaky", "word " * 14_000), user_id=user.account["id"])

    async def to_run() -> RunPlan:
        async with services.get(LimitService).quota(Asker(user.account["id"], "user"), {}).reserved(plan) as planned:
            return planned

    [lane] = limited.portal.call(to_run).lanes
    assert lane.call.max_tokens is not None
    assert 0 < lane.call.max_tokens < 16_384 - 14_000
    assert lane.parameters == {}


async def test_the_most_that_a_fallback_can_use_is_reserved(limited: Limited, scripted: ScriptedProvider) -> None:
    async def refuses(exchange: Exchange) -> None:
        await exchange.error(400, {"error": {"message": "No."}})

    broken, other = scripted.model(refuses, priced=False), scripted.model(answering(3, 4))
    async with limited.user(monthlyBudget="0.001", monthlyTokens=None) as user:
        body = {"prompt": "Hi", "models": [broken], "fallbacks": [other], "maxTokens": 1_000}
        refused = await user.http.post("/playground/stream", json=body)
        assert refused.status_code == 429
        events = await user.compare("Hi", [broken], fallbacks=[other], maxTokens=100)
    assert of_type(events, "metrics")[0]["model"] == other
    assert [asked["max_tokens"] for asked in scripted.asked(other)] == [100]


async def test_the_reservation_of_a_run_that_cannot_start_is_released(limited: Limited) -> None:
    services = limited.service.services
    provider = services.get(Catalogue).resolve("sim/quick").provider
    async with limited.user(dailyRequests=5) as user:
        plan = replace(plan_of(provider, "quick", "Hi"), user_id=user.account["id"])
        quota = services.get(LimitService).quota(Asker(user.account["id"], "user", {"dailyRequests": 5}), {})

        async def fails() -> None:
            async with quota.reserved(plan):
                raise RuntimeError("on purpose")

        with pytest.raises(RuntimeError, match="on purpose"):
            limited.portal.call(fails)
        usage = await usage_of(user)
    assert (usage["dailyRequests"]["used"], usage["monthlyRequests"]["used"], usage["monthlyTokens"]["reserved"]) == (0, 0, 0)
    assert usage["streams"]["used"] == 0
    assert limited.query("SELECT run_id FROM reservations WHERE user_id = $1", user.account["id"]) == []


async def test_a_run_that_is_refused_is_not_counted(limited: Limited) -> None:
    async with limited.user(dailyRequests=1) as user:
        for body in ({"prompt": ""}, {"models": ["sim/none"]}, {"models": ["sim/quick"], "maxTokens": 0}):
            assert (await user.http.post("/playground/stream", json={"prompt": "Hi", **body})).status_code == 422
        assert (await user.http.post("/playground/stream", json={"prompt": "Hi", "sessionId": "none"})).status_code == 404
        usage = await usage_of(user)
        assert (usage["dailyRequests"]["used"], usage["streams"]["used"]) == (0, 0)
        assert (await compare(user, "sim/quick")()).status_code == 200


async def test_a_repeated_request_with_one_key_counts_once(limited: Limited, scripted: ScriptedProvider) -> None:
    model = scripted.model(answering(3, 4))
    async with limited.user(dailyRequests=1, streams="1 per hour") as user:
        user.http.headers["Idempotency-Key"] = "once"
        answers = await all_at_once([compare(user, model)] * 5)
        answers.append(await compare(user, model)())
        usage = await usage_of(user)
    assert statuses(answers) == {200: 6}
    assert len(scripted.asked(model)) == 1
    assert (usage["dailyRequests"]["used"], usage["streams"]["used"], usage["monthlyTokens"]["used"]) == (1, 1, 7)


async def test_a_refused_request_does_not_use_up_its_key(limited: Limited) -> None:
    async with limited.user(dailyRequests=0) as user:
        user.http.headers["Idempotency-Key"] = "later"
        assert_refused(await compare(user, "sim/quick")(), "daily-requests", used=0, max=0)
        limited.set_limits(user.account["id"], dailyRequests=1)
        assert (await compare(user, "sim/quick")()).status_code == 200


async def test_a_reader_that_reconnects_is_not_counted_again(limited: Limited, scripted: ScriptedProvider, gate: Gate) -> None:
    model = scripted.model(answering(3, 4, gate))
    async with limited.user(dailyRequests=1, streams="1 per hour") as user:
        async with user.stream(json={"prompt": "Hi", "models": [model]}) as events:
            chunk = await next_event(events, "chunk")
            session = chunk.run_id
        path = f"/playground/stream?prompt=Hi&models={model}"
        async with user.stream("GET", path, headers={"Last-Event-ID": chunk.id}) as events:
            gate.open()
            done = await next_event(events, "done")
        usage = await usage_of(user)
    assert done.run_id == session
    assert (usage["dailyRequests"]["used"], usage["streams"]["used"]) == (1, 1)


async def test_a_refusal_by_the_number_of_streams_uses_up_nothing_else(limited: Limited) -> None:
    async with limited.user(streams="1 per hour") as user:
        answers = [await compare(user, "sim/quick", maxTokens=5)() for _ in range(2)]
        usage = await usage_of(user)
    assert_refused(answers[1], "streams", used=1, max=1)
    assert (usage["streams"]["used"], usage["dailyRequests"]["used"], usage["monthlyTokens"]["reserved"]) == (1, 1, 0)


async def test_a_stopped_lane_is_counted_by_its_text(limited: Limited, scripted: ScriptedProvider, gate: Gate) -> None:
    async def writes_and_waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("some words that were written")
        await gate.wait()

    model = scripted.model(writes_and_waits)
    async with limited.user() as user:
        async with user.stream(json={"prompt": "Hi", "models": [model]}) as events:
            session = await next_event(events, "session")
            await next_event(events, "chunk")
            await user.http.post(f"/playground/sessions/{session.data['sessionId']}/stop")
            done = await next_event(events, "done")
        usage = await usage_of(user)
    assert usage["monthlyTokens"]["used"] == done.data["totalTokens"] > 0
    assert usage["monthlyTokens"]["reserved"] == 0


async def test_administrators_have_no_such_limits_but_are_counted(limited: Limited, scripted: ScriptedProvider) -> None:
    model = scripted.model(answering(3, 4))
    async with limited.user("admin") as administrator:
        answer = await compare(administrator, model)()
        usage = await usage_of(administrator)
    assert list(reported_limits(answer)) == ["user-requests"]
    assert "max_tokens" not in scripted.asked(model)[0]
    for name, used in {"dailyRequests": 1, "monthlyRequests": 1, "monthlyTokens": 7, "monthlyBudget": "0.000011"}.items():
        assert (usage[name]["max"], usage[name]["used"], usage[name]["left"]) == (None, used, None)
    assert usage["streams"] == {"max": None, "used": 0, "left": None, "seconds": None, "resetsAt": None}


async def test_the_limits_of_a_role_are_those_of_the_settings(limited: Limited) -> None:
    async with limited.user() as user, limited.user("premium") as premium:
        most = [
            [usage[name]["max"] for name in ("requests", "streams", "dailyRequests", "monthlyRequests", "monthlyTokens", "monthlyBudget")]
            for usage in (await usage_of(user), await usage_of(premium))
        ]
    assert most == [[1000, 50, 50, 1000, 100_000, None], [1000, 50, 200, 5000, 500_000, None]]


async def test_the_terminal_has_no_limits(limited: Limited) -> None:
    assert set(TERMINAL_LIMITS) == {field.alias for field in LimitOverrides.model_fields.values()}
    async with limited.user(**TERMINAL_LIMITS) as user:
        usage = await usage_of(user)
    assert {limit["max"] for limit in usage.values()} == {None}


async def test_a_new_month_starts_with_no_usage(limited: Limited, scripted: ScriptedProvider) -> None:
    model = scripted.model(answering(3, 4))
    async with limited.user(dailyRequests=1, monthlyRequests=1, monthlyTokens=5_000) as user:
        limited.execute(
            "INSERT INTO usage (user_id, day, month, day_requests, month_requests, month_tokens) "
            "VALUES ($1, '2025-12-31', '2025-12', 1, 1, 5000)",
            user.account["id"],
        )
        assert (await usage_of(user))["monthlyTokens"]["used"] == 0
        assert (await compare(user, model)()).status_code == 200
        usage = await usage_of(user)
    assert (usage["dailyRequests"]["used"], usage["monthlyRequests"]["used"], usage["monthlyTokens"]["used"]) == (1, 1, 7)


async def test_a_run_that_needs_more_than_a_whole_month_gets_a_clear_error(limited: Limited, scripted: ScriptedProvider) -> None:
    model = scripted.model(answering(3, 4))
    async with limited.user(monthlyTokens=1_000) as user:
        refused = await compare(user, model)()
    problem = assert_refused(refused, "monthly-tokens", used=0, max=1_000)
    assert problem["wanted"] > 4_096
    assert "maxTokens" in problem["detail"]
    assert "next month" not in problem["detail"]
    assert scripted.asked(model) == []
