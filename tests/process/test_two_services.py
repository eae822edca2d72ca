"""Two services on one data folder."""

from pathlib import Path

from playground.database.embedded.cluster import Cluster

from ..support.client import User, next_event, text_of
from ..support.process import ServiceProcess, until_journal_holds
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Serving


async def test_two_services_share_a_data_folder_and_one_may_end(
    serve: Serving, service: ServiceProcess, user: User, scripted: ScriptedProvider, data_dir: Path
) -> None:
    gate = Gate()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("before ")
        await gate.wait()
        await exchange.write("after")
        await exchange.end(3, 4)

    with serve() as second:
        # The second looked at its start for journals of dead services; that of the first is still there to write into.
        async with user.stream(json={"prompt": "Hi", "models": [scripted.model(answer)]}) as events:
            session = await next_event(events, "session")
            await until_journal_holds(service, "before ")
            gate.open()
            await next_event(events, "done")
        # The account and the session are there for both.
        user.http.base_url = second.url
        assert (await user.session(session.data["sessionId"]))["turns"][0]["answers"][0]["text"] == "before after"
        assert text_of(await user.compare("Hi again", ["sim/quick"]), 0)
        second.terminate()
        assert await second.ended() == 0

    assert Cluster(data_dir / "postgres").answers()
    user.http.base_url = service.url
    assert text_of(await user.compare("Still there?", ["sim/quick"]), 0)


async def test_a_turn_running_in_one_service_blocks_the_next_turn_in_the_other(
    serve: Serving, service: ServiceProcess, user: User, scripted: ScriptedProvider
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Well,")
        if len(exchange.body["messages"]) > 1:
            await exchange.end(3, 4)
        await exchange.until_client_leaves()

    with serve() as second:
        async with user.stream(json={"prompt": "Hi", "models": [scripted.model(answer)]}) as events:
            session = await next_event(events, "session")
            await next_event(events, "chunk")
            await until_journal_holds(service, "Well,")
            body = {"prompt": "And?", "sessionId": session.data["sessionId"]}
            response = await user.http.post(f"{second.url}/playground/stream", json=body)
            assert (response.status_code, response.json()["type"]) == (409, "urn:playground:problem:turn_running")
            await user.http.post(f"/playground/sessions/{session.data['sessionId']}/stop")
            await next_event(events, "done")
        response = await user.http.post(f"{second.url}/playground/stream", json=body)
        assert response.status_code == 200


async def test_a_deleted_turn_is_not_restored_by_the_service_that_ran_it(
    serve: Serving, service: ServiceProcess, user: User, scripted: ScriptedProvider
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("A secret.")
        await exchange.until_client_leaves()

    with serve() as killed:
        own = user.http.base_url
        user.http.base_url = killed.url
        async with user.stream(json={"prompt": "Tell me", "models": [scripted.model(answer)]}) as events:
            session = await next_event(events, "session")
            await next_event(events, "chunk")
            await until_journal_holds(killed, "A secret.")
            await until_journal_holds(killed, '"type":"stored"')
            killed.kill()
    user.http.base_url = own
    path = f"/playground/sessions/{session.data['sessionId']}"
    assert (await user.http.delete(path)).status_code == 204
    with serve() as restarted:
        await restarted.logged("recorded_from_journal", session_id=session.data["sessionId"])
    assert (await user.http.get(path)).status_code == 404
    assert "A secret." not in service.journal()
