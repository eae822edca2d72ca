"""Stopping lanes, and the books of calls that ended early."""

from decimal import Decimal

from playground.accounting.token_counts import TokenCounter
from playground.providers.calls import Message

from ..support.client import User, next_event, of_type, text_of
from ..support.scripted import Exchange, Gate, ScriptedProvider


async def writes_then_waits(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("The capital ", "of France ", "is")
    await exchange.until_client_leaves()


async def counted(prompt: str, text: str) -> tuple[int, int]:
    counter = TokenCounter()
    [output] = await counter.count([text], "any")
    return await counter.count_prompt([Message("user", prompt)], "any"), output


async def test_a_lane_that_is_stopped_keeps_its_text_counted_and_priced_as_estimated(user: User, scripted: ScriptedProvider):
    async with user.stream(json={"prompt": "What is the capital of France?", "models": [scripted.model(writes_then_waits)]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk", content="is")
        path = f"/playground/sessions/{session.data['sessionId']}"
        response = await user.http.post(f"{path}/stop", json={"lane": 0})
        assert response.json() == {"stopped": [0]}
        rest = [event async for event in events]
    input_tokens, output_tokens = await counted("What is the capital of France?", "The capital of France is")
    [metrics] = of_type(rest, "metrics")
    assert metrics["estimated"] is True
    assert (metrics["inputTokens"], metrics["outputTokens"]) == (input_tokens, output_tokens)
    assert Decimal(metrics["cost"]) == (Decimal(input_tokens) + 2 * Decimal(output_tokens)) / 1_000_000
    assert of_type(rest, "status")[-1]["status"] == "stopped"
    [answer] = (await user.session(session.data["sessionId"]))["turns"][0]["answers"]
    assert (answer["status"], answer["text"], answer["cost"]) == ("stopped", "The capital of France is", metrics["cost"])


async def test_stopping_one_lane_leaves_the_others_running(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def waits_then_ends(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Paris")
        await gate.wait()
        await exchange.write(".")
        await exchange.end(3, 4)

    models = [scripted.model(writes_then_waits), scripted.model(waits_then_ends)]
    async with user.stream(json={"prompt": "Capital?", "models": models}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk", content="is")
        await user.http.post(f"/playground/sessions/{session.data['sessionId']}/stop", json={"lane": 0})
        await next_event(events, "status", lane=0, status="stopped")
        gate.open()
        await next_event(events, "status", lane=1, status="completed")


async def test_stopping_works_while_the_provider_says_nothing_at_all(user: User, scripted: ScriptedProvider):
    async def silent(exchange: Exchange) -> None:
        await exchange.until_client_leaves()

    prompt = "Anybody there?"
    async with user.stream(json={"prompt": prompt, "models": [scripted.model(silent), "sim/hangs"]}) as events:
        session = await next_event(events, "session")
        response = await user.http.post(f"/playground/sessions/{session.data['sessionId']}/stop")
        assert response.json() == {"stopped": [0, 1]}
        rest = [event async for event in events]
    assert [s["status"] for s in of_type(rest, "status")].count("stopped") == 2
    # The provider may have read the prompt, and charge for it.
    metrics = of_type(rest, "metrics", 0)[0]
    assert (metrics["inputTokens"], metrics["outputTokens"], metrics["estimated"]) == ((await counted(prompt, ""))[0], 0, True)


async def test_stopping_closes_the_connection_to_the_provider(user: User, scripted: ScriptedProvider):
    left = Gate()

    async def tells_when_left(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hi")
        await exchange.until_client_leaves()
        left.open()

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(tells_when_left)]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
        await user.http.post(f"/playground/sessions/{session.data['sessionId']}/stop")
        await next_event(events, "done")
    await left.wait()


async def test_an_interrupted_call_is_counted_and_marked_as_estimated(user: User, scripted: ScriptedProvider):
    async def breaks(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Half an ans")

    events = await user.compare("Hi", [scripted.model(breaks)])
    input_tokens, output_tokens = await counted("Hi", "Half an ans")
    [metrics] = of_type(events, "metrics")
    assert (metrics["inputTokens"], metrics["outputTokens"], metrics["estimated"]) == (input_tokens, output_tokens, True)
    assert Decimal(metrics["cost"]) > 0


async def test_a_complete_answer_without_usage_is_counted_and_marked_as_estimated(user: User, scripted: ScriptedProvider):
    async def never_tells(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("All of it.")
        await exchange.end()

    events = await user.compare("Hi", [scripted.model(never_tells)])
    [metrics] = of_type(events, "metrics")
    assert metrics["estimated"] is True
    assert metrics["outputTokens"] == (await counted("Hi", "All of it."))[1]
    assert of_type(events, "status")[-1]["status"] == "completed"


async def test_a_refused_call_costs_nothing(user: User, scripted: ScriptedProvider):
    async def refuses(exchange: Exchange) -> None:
        await exchange.error(401, {"error": {"message": "Incorrect API key provided."}})

    events = await user.compare("Hi", [scripted.model(refuses, priced=False)])
    [metrics] = of_type(events, "metrics")
    assert (metrics["inputTokens"], metrics["outputTokens"], metrics["cost"], metrics["estimated"]) == (0, 0, "0", False)


async def test_the_providers_own_cost_is_taken_exactly(user: User, scripted: ScriptedProvider):
    async def tells_cost(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hi")
        await exchange.end(10, 20, cost=0.000123456789)

    events = await user.compare("Hi", [scripted.model(tells_cost, priced=False)])
    [metrics] = of_type(events, "metrics")
    assert (metrics["cost"], metrics["costSource"]) == ("0.000123456789", "provider")


async def test_stopping_a_finished_session_stops_nothing(user: User):
    events = await user.compare("Hi", ["sim/quick"])
    response = await user.http.post(f"/playground/sessions/{events[0].data['sessionId']}/stop")
    assert (response.status_code, response.json()) == (200, {"stopped": []})


async def test_an_unknown_lane_is_named(user: User):
    events = await user.compare("Hi", ["sim/quick"])
    assert text_of(events, 0)
    response = await user.http.post(f"/playground/sessions/{events[0].data['sessionId']}/stop", json={"lane": 5})
    assert response.status_code == 422
    assert response.json()["errors"] == [{"field": "lane", "message": "There is no lane 5; the last lane is 0."}]
