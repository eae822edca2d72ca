"""`/models`: the models of all configured providers, and the favourites of users."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status

from playground.accounts.authorization import CurrentUser, ModelReader, ScopeMissing
from playground.catalogue.access import ModelAccess
from playground.database.shares import TooSlow
from playground.kit.errors import BadInput, NotAuthenticated, Unavailable
from playground.kit.filled_paths import filled
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText

from .categories import CategoryId
from .model_settings import Tier
from .schemas import CategoryList, ModelItem, ModelPage, ProviderStatusList
from .selection import Modality, ModelQuery, Sort
from .service import ModelNotFound, Models, TooManyFavourites

router = APIRouter(prefix="/models", tags=["models"])

ModelId = Annotated[
    CleanText,
    Path(min_length=1, max_length=300, examples=["sim/quick"], description="The full name. Its slashes need no encoding."),
]


@router.get(
    "",
    response_model=ModelPage,
    responses=documented(BadInput, NotAuthenticated, ScopeMissing, Unavailable),
    summary="List the models of all configured providers",
)
async def get_models(
    models: Provided[Models],
    access: Provided[ModelAccess],
    user: ModelReader,
    provider: Annotated[CleanText | None, Query(max_length=100, description="Only models of this provider.", examples=["openai"])] = None,
    q: Annotated[CleanText | None, Query(max_length=200, description="Only models whose names contain all these words.")] = None,
    category: Annotated[CategoryId | None, Query(description="Only models of this category: see `GET /models/categories`.")] = None,
    tier: Annotated[Tier | None, Query(description="Only models of this tier.")] = None,
    free: Annotated[bool | None, Query(description="`true`: only models that cost no money. `false`: only the others.")] = None,
    max_price: Annotated[
        Decimal | None,
        Query(
            alias="maxPrice",
            ge=0,
            le=1_000_000,
            description="Only models whose input and output cost at most this many US dollars per million tokens, as far as that is known.",
        ),
    ] = None,
    min_context: Annotated[
        int | None,
        Query(alias="minContext", ge=1, le=1_000_000_000, description="Only models with a context window of at least this many tokens."),
    ] = None,
    modality: Annotated[Modality | None, Query(description="Only models that are known to accept this.")] = None,
    favourite: Annotated[bool | None, Query(description="`true`: only your favourites. `false`: only the others.")] = None,
    sort: Annotated[
        Sort,
        Query(
            description=(
                "`provider`: in the providers' order and by name. `price`: by the sum of input and output price. `context`: by context "
                "window. With `-`, the largest first; what is unknown comes last either way."
            )
        ),
    ] = "provider",
    limit: Annotated[int, Query(ge=1, le=5_000, description="The most models per page.")] = 1_000,
    cursor: Annotated[
        CleanText | None, Query(max_length=2_000, description="The `nextCursor` of the previous page, with the same `sort`.")
    ] = None,
) -> Response:
    """The models in each provider's list, with their prices if known, and whether you may use them.

    The lists are fetched regularly in the background. If a provider is unavailable, its last list is shown, marked as stale.
    """
    query = ModelQuery(provider, q, limit, cursor, category, tier, free, max_price, min_context, modality, favourite, sort)
    page = await models.page(user.id, await access.view_of(user), query)
    return Response(page, media_type="application/json")


@router.get("/categories", responses=documented(NotAuthenticated, ScopeMissing, Unavailable))
async def get_categories(models: Provided[Models], access: Provided[ModelAccess], user: ModelReader) -> CategoryList:
    """List the categories of models, and how many models are in each. A model may be in several."""
    return await models.categories(await access.view_of(user))


@router.get("/providers", responses=documented(NotAuthenticated, ScopeMissing, TooSlow, Unavailable), summary="List all providers")
async def get_providers(models: Provided[Models], access: Provided[ModelAccess], user: ModelReader) -> ProviderStatusList:
    """Whether each provider is set up and reachable, how many models you see of it, its last error, and how it did in the last hour."""
    return await models.providers(user.id, await access.view_of(user))


@router.put(
    f"/{filled('model_id')}/favourite",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(BadInput, NotAuthenticated, ScopeMissing, ModelNotFound, TooManyFavourites, Unavailable),
)
async def mark_model(models: Provided[Models], access: Provided[ModelAccess], user: CurrentUser, model_id: ModelId) -> None:
    """Mark a model as a favourite."""
    await models.mark(user.id, await access.view_of(user), model_id)


@router.delete(
    f"/{filled('model_id')}/favourite",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(BadInput, NotAuthenticated, ScopeMissing, Unavailable),
)
async def unmark_model(models: Provided[Models], user: CurrentUser, model_id: ModelId) -> None:
    """Remove a model from your favourites. Does nothing if it isn't one."""
    await models.unmark(user.id, model_id)


@router.get(f"/{filled('model_id')}", responses=documented(BadInput, NotAuthenticated, ScopeMissing, ModelNotFound, Unavailable))
async def get_model(models: Provided[Models], access: Provided[ModelAccess], user: ModelReader, model_id: ModelId) -> ModelItem:
    """Return one listed model, by its full name or by a bare name. Models that are not listed may exist too."""
    return await models.get(user.id, await access.view_of(user), model_id)
