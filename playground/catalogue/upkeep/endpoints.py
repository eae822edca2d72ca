"""What administrators do with `/models`: fetch the lists now, add models by hand, and try every provider."""

from fastapi import APIRouter, status

from playground.accounts.authorization import Administrator
from playground.catalogue.access import ModelAccess
from playground.catalogue.endpoints import ModelId
from playground.catalogue.schemas import ModelItem
from playground.catalogue.service import Models
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.filled_paths import filled
from playground.kit.problems import documented
from playground.kit.provided import Provided

from .schemas import NewModel, SyncResult, TestResult
from .service import CatalogueUpkeep, ModelListed, ModelNotAdded

router = APIRouter(prefix="/models", tags=["models"])


@router.post("/sync", responses=documented(NotAuthenticated, Forbidden, Unavailable), summary="Fetch all lists of models now")
async def sync_models(upkeep: Provided[CatalogueUpkeep], _administrator: Administrator) -> SyncResult:
    """Fetch the lists of all providers now, and return what changed. For administrators."""
    return await upkeep.sync()


@router.post("/test", responses=documented(NotAuthenticated, Forbidden, Unavailable), summary="Test all providers")
async def ask_providers(upkeep: Provided[CatalogueUpkeep], _administrator: Administrator) -> TestResult:
    """Ask every configured provider for one token, all at once: is it reachable, is the key accepted, how fast is it. For administrators.

    The cheapest active model of each list is asked, which costs next to nothing. It takes at most 30 seconds.
    """
    return await upkeep.test()


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=documented(BadInput, NotAuthenticated, Forbidden, ModelListed, Unavailable),
)
async def add_model(
    upkeep: Provided[CatalogueUpkeep], models: Provided[Models], access: Provided[ModelAccess], administrator: Administrator, body: NewModel
) -> ModelItem:
    """Add a model that its provider doesn't list, so that users find it. For administrators."""
    full_name = await upkeep.add(body, actor_id=administrator.id)
    return await models.get(administrator.id, await access.view_of(administrator), full_name)


@router.delete(
    f"/{filled('model_id')}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(BadInput, NotAuthenticated, Forbidden, ModelNotAdded, Unavailable),
)
async def remove_model(upkeep: Provided[CatalogueUpkeep], administrator: Administrator, model_id: ModelId) -> None:
    """Remove a model that was added by hand. For administrators."""
    await upkeep.remove(model_id, actor_id=administrator.id)
