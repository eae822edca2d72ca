"""Lists of models: fetched from real servers, kept when those are down, restored from the database."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal

import anyio
import pytest

from playground.catalogue.catalogue import Catalogue, UnknownModel
from playground.catalogue.repository import CatalogueRepository
from playground.database.client import Database, DatabaseAway
from playground.database.generated import Json
from playground.providers.adapter import ProviderClient
from playground.providers.records import ListedModel, ListPrice, Provider
from playground.providers.registry import Providers

from .conftest import Build
from .upstream import running, until, upstream


def states(catalogue: Catalogue) -> list[str]:
    return [known.state for known in catalogue.lists]


def names(catalogue: Catalogue) -> list[list[str]]:
    return [list(known.models) for known in catalogue.lists]


async def test_a_list_is_loading_and_then_available(build: Build) -> None:
    async with upstream("b", "a") as server:
        catalogue = build(server.provider("groq"))
        assert states(catalogue) == ["loading"]
        async with running(catalogue):
            await until(lambda: states(catalogue) == ["ok"])
    assert names(catalogue) == [["b", "a"]]
    assert catalogue.lists[0].fetched_at is not None
    assert catalogue.resolve("a").full_name == "groq/a"


async def test_all_providers_are_asked_at_once(build: Build) -> None:
    async with upstream("a") as first, upstream("b") as second:
        both_asked = anyio.Event()

        async def wait_for_both() -> None:
            if first.requests and second.requests:
                both_asked.set()
            await both_asked.wait()

        first.before_answer = second.before_answer = wait_for_both
        catalogue = build(first.provider("one"), second.provider("two"))
        async with running(catalogue):
            await until(lambda: states(catalogue) == ["ok", "ok"])


async def test_a_provider_that_fails_keeps_its_last_list_and_says_why_it_is_stale(build: Build) -> None:
    async with upstream("a") as server, upstream("b") as other:
        catalogue = build(server.provider("one"), other.provider("two"))
        fetched = await catalogue.refresh("one")
        server.status = 503
        await catalogue.refresh("two")
        stale = await catalogue.refresh("one")
        assert states(catalogue) == ["stale", "ok"]
        assert stale.failure is not None
        assert "One" in stale.failure
        assert (stale.models, stale.fetched_at) == (fetched.models, fetched.fetched_at)
        assert catalogue.resolve("one/a").listed == ListedModel("a")
        server.status = 200
        recovered = await catalogue.refresh("one")
        assert (recovered.state, recovered.failure) == ("ok", None)


async def test_a_provider_that_is_unavailable_from_the_start_accepts_any_name(build: Build) -> None:
    async with upstream() as server:
        gone = server.provider("gone")
    catalogue = build(gone)
    known = await catalogue.refresh("gone")
    assert known.state == "failed"
    assert known.failure is not None
    assert "Gone" in known.failure
    assert catalogue.resolve("gone/anything/at:all").full_name == "gone/anything/at:all"


async def test_with_an_empty_list_any_name_is_accepted(build: Build) -> None:
    async with upstream() as server:
        catalogue = build(server.provider("empty"))
        assert (await catalogue.refresh("empty")).state == "ok"
    assert catalogue.resolve("empty/anything").listed is None
    with pytest.raises(UnknownModel):
        catalogue.resolve("anything")


async def test_a_failed_attempt_is_soon_repeated(build: Build) -> None:
    async with upstream("a") as server:
        server.status = 500
        catalogue = build(server.provider("one"), retry_seconds=0.01)
        async with running(catalogue):
            await until(lambda: server.requests >= 3)
            assert states(catalogue) == ["failed"]
            server.status = 200
            await until(lambda: states(catalogue) == ["ok"])


async def test_lists_are_fetched_regularly(build: Build) -> None:
    async with upstream("a") as server:
        catalogue = build(server.provider("one"), refresh_seconds=0.01)
        async with running(catalogue):
            await until(lambda: names(catalogue) == [["a"]])
            server.models = [{"id": "b"}]
            await until(lambda: names(catalogue) == [["b"]])
        assert catalogue.resolve("b").full_name == "one/b"


async def test_the_first_local_lists_are_waited_for_and_remote_ones_are_not(build: Build) -> None:
    async with upstream("quick") as local, upstream("slow") as remote:
        remote.before_answer = anyio.Event().wait
        # This address leads to this machine too, but is not one of its own.
        catalogue = build(remote.provider("remote", host="0.0.0.0"), local.provider("sim", simulated=True))  # noqa: S104 - an address to be refused
        async with running(catalogue):
            with anyio.fail_after(20):
                await catalogue.first_lists(timeout=3_600)
            assert states(catalogue) == ["loading", "ok"]


async def test_waiting_for_the_first_lists_has_a_time_limit(build: Build) -> None:
    async with upstream("quick") as local:
        local.before_answer = anyio.Event().wait
        catalogue = build(local.provider("sim", simulated=True))
        async with running(catalogue):
            with anyio.fail_after(20):
                await catalogue.first_lists(timeout=0.05)
            assert states(catalogue) == ["loading"]


async def test_a_stored_list_is_restored_after_a_restart_and_stale(build: Build) -> None:
    async with upstream() as server:
        server.models = [
            {
                "id": "maker/model",
                "name": "Ünïcode \u2028 👩‍👧 \x00 \ud83d",
                "context_length": 131072,
                "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
                "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "input_cache_read": "0.000000075"},
            },
            {"id": "bare"},
        ]
        provider = server.provider("one")
        before = await build(provider).refresh("one")
        server.status = 503
        catalogue = build(provider)
        async with running(catalogue):
            await until(lambda: states(catalogue) == ["stale"] and catalogue.lists[0].failure is not None)
    restored = catalogue.lists[0]
    assert [asdict(model) for model in restored.models.values()] == [asdict(model) for model in before.models.values()]
    assert before.fetched_at is not None
    assert restored.fetched_at is not None
    assert abs((restored.fetched_at - before.fetched_at).total_seconds()) < 0.001
    model = restored.models["maker/model"]
    assert model.price == ListPrice(Decimal("0.15"), Decimal("0.6"), Decimal("0.075"))
    assert model.display_name == "Ünïcode \u2028 👩‍👧 \ufffd \ufffd"


async def test_a_later_list_replaces_the_stored_one(build: Build, repository: CatalogueRepository) -> None:
    async with upstream("a", "b") as server:
        catalogue = build(server.provider("one"))
        await catalogue.refresh("one")
        server.models = [{"id": "c"}]
        await catalogue.refresh("one")
    stored = await repository.load()
    assert {provider: [model.name for model in last.models] for provider, last in stored.items()} == {"one": ["c"]}


async def test_a_stored_list_in_another_versions_format_is_ignored(database: Database, repository: CatalogueRepository) -> None:
    async with upstream("a") as server:
        await Catalogue(Providers([server.provider("one")]), _Never(), repository, refresh_seconds=1).refresh("one")
    for provider, models in (("odd", [{"title": "?"}]), ("good", [{"name": "m"}])):
        row = {"provider": provider, "models": Json(models), "fetched_at": "2026-11-20T00:00:00Z"}
        await database.run(lambda prisma, row=row: prisma.provider_catalogues.create(data=row))
    assert {provider: last.models for provider, last in (await repository.load()).items()} == {"good": (ListedModel("m"),)}


class _Never:
    """A lister with a defect."""

    async def list_models(self, provider: Provider) -> Sequence[ListedModel]:
        raise ZeroDivisionError


async def test_a_defect_in_reading_one_list_affects_only_that_list(repository: CatalogueRepository) -> None:
    catalogue = Catalogue(Providers([Provider("one", "One", "http://localhost:1/v1")]), _Never(), repository, refresh_seconds=3_600)
    async with running(catalogue):
        await until(lambda: states(catalogue) == ["failed"])
    assert catalogue.lists[0].failure == "The list of models of One can't be read (ZeroDivisionError)."


class _Away(CatalogueRepository):
    """A database that can't be reached."""

    def __init__(self) -> None:
        pass

    async def load(self):
        raise DatabaseAway("gone")

    async def save(self, provider_id, last):
        raise DatabaseAway("gone")


async def test_without_the_database_the_catalogue_works_from_memory(client: ProviderClient) -> None:
    async with upstream("a") as server:
        catalogue = Catalogue(Providers([server.provider("one")]), client, _Away(), refresh_seconds=0.01)
        async with running(catalogue):
            await until(lambda: server.requests >= 3)
            assert names(catalogue) == [["a"]]


async def test_the_entry_of_a_model_is_found_under_any_of_its_names(build: Build) -> None:
    async with upstream("a") as server:
        provider = server.provider("one")
        catalogue = build(provider)
        assert catalogue.listed(provider, "a") is None
        await catalogue.refresh("one")
    assert catalogue.listed(provider, "a") == ListedModel("a")
    assert catalogue.listed(provider, "b") is None
    assert catalogue.listed(Provider("other", "Other", "http://localhost:1/v1"), "a") is None
