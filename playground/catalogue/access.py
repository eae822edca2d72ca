"""Which models a role may use, and the error for those that it may not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.accounts.identity import User
from playground.accounts.roles import Role
from playground.kit.errors import FieldError, Forbidden, Problem
from playground.providers.records import Provider

from .catalogue import Catalogue, ResolvedModel, UnknownModel
from .model_settings import KnownSettings, ModelSettings, Tier
from .resolution import joined
from .user_models import UserKeys, UserProviders, resolve_for
from .wildcards import is_pattern

ROLES: Mapping[Tier, tuple[Role, ...]] = {"free": ("user", "premium", "admin"), "premium": ("premium", "admin"), "hidden": ("admin",)}
"""Who may use the models of a tier."""
_MOST_ALTERNATIVES = 3
"""Other models that the error for a refused model names."""


class ModelNotAllowed(Forbidden):
    """The model is switched off, or not available to the user's role."""

    code = "model_not_allowed"
    title = "You can't use this model"

    def __init__(self, errors: Sequence[FieldError], allowed: Sequence[str]) -> None:
        instead = f"You can use {joined(allowed, 'or')}." if allowed else "Currently there is no model that you can use."
        reasons = dict.fromkeys(error.message for error in errors)
        super().__init__(" ".join([*reasons, instead]), errors=errors)
        self.allowed = tuple(allowed)
        """Full names of a few models that the user may use."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """Which models a user with a certain role can see and use."""

    settings: KnownSettings
    role: Role
    own: UserProviders | None = None
    """Providers for which the user has a key. They make models available that are closed only because of their price."""

    def shows(self, provider: Provider, model: str) -> bool:
        """Return whether the model is visible to the user."""
        return self.role == "admin" or self.settings.of(self._asked(provider), model).tier != "hidden"

    def allows(self, provider: Provider, model: str) -> bool:
        """Return whether the user may use the model."""
        setting = self.settings.of(self._asked(provider), model)
        return setting.active and self.role in ROLES[setting.tier]

    def _asked(self, provider: Provider) -> Provider:
        try:
            return (self.own and self.own.get(provider.id)) or provider
        except Problem:  # The user's key can't be read any more.
            return provider

    def refusal(self, provider: Provider, model: str, *, listed: bool) -> str | None:
        """Return why the user may not use the model, or `None` if the user may.

        An unlisted name may be another name of a model that the user may not use. So it is available only to users who may use all models
        of its provider, to administrators, with the user's own key, and if an administrator has a setting for exactly this name.
        """
        setting, full_name = self.settings.of(provider, model), f"{provider.id}/{model}"
        if not listed and self.role != "admin" and not provider.own_key and not self.settings.decided(provider, model):
            closed = self.settings.any_closed(provider, lambda each: not each.active or self.role not in ROLES[each.tier])
            if closed:
                return (
                    f"{full_name} is not in the list of models of {provider.name}, and you can't use some of its models. "
                    f"An administrator can allow it with PATCH /admin/models/{full_name}."
                )
        if self.role not in ROLES[setting.tier]:
            roles = joined(ROLES[setting.tier], "or")
            reason = f"{full_name} is in the tier {setting.tier}, which requires the role {roles}; your role is {self.role}."
            # Without a setting, a model is closed because it costs the operator money.
            by_price = not provider.own_key and not self.settings.decided(provider, model)
            return f"{reason} You can use it with your own key for {provider.name}." if by_price else reason
        if not setting.active:
            return f"{full_name} is switched off by an administrator."
        return None


class ModelAccess:
    """Finds the models that a request names, and refuses those that the user may not use."""

    def __init__(self, catalogue: Catalogue, settings: ModelSettings, user_keys: UserKeys) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._user_keys = user_keys

    async def view(self, role: Role) -> ModelView:
        """Return the current view of a role. Raises `Unavailable`."""
        return ModelView(await self._settings.current(), role)

    async def view_of(self, user: User) -> ModelView:
        """Return the current view of a user, including the user's own keys. Raises `Unavailable`."""
        return await self._view_of(user, await self._user_keys.of(user.id))

    async def _view_of(self, user: User, own: UserProviders) -> ModelView:
        return ModelView(await self._settings.current(), user.role, own)

    async def resolve(self, names: Sequence[str], user: User, place: str | Sequence[str]) -> list[ResolvedModel]:
        """Return the models with these names, with the user's own keys where there are any.

        `place` is their path in the request, with `{}` for the position, or the path of each. Raises `UnknownModel` and
        `ModelNotAllowed`, which name all such models, `ProviderKeyUnreadable` and `Unavailable`.
        """
        own = await self._user_keys.of(user.id)
        view = await self._view_of(user, own)
        resolved: list[ResolvedModel] = []
        unknown: list[FieldError] = []
        refused: list[FieldError] = []
        for position, name in enumerate(names):
            field = place.format(position) if isinstance(place, str) else place[position]
            try:
                model = resolve_for(own, self._catalogue, name, field=field, view=view)
            except UnknownModel as error:
                unknown += error.errors
                continue
            resolved.append(model)
            reason = view.refusal(model.provider, model.model, listed=model.listed is not None)
            if reason is not None:
                refused.append(FieldError(field, reason))
        if unknown:
            raise UnknownModel(" ".join(error.message for error in unknown), errors=unknown)
        if refused:
            raise ModelNotAllowed(refused, self._some_allowed(view, resolved))
        return resolved

    def _some_allowed(self, view: ModelView, asked: Sequence[ResolvedModel]) -> list[str]:
        """Return a few allowed models; those with names similar to the requested ones come first."""
        found: dict[str, None] = {}
        for model in asked:
            if not view.allows(model.provider, model.model):
                found |= dict.fromkeys(self._catalogue.nearest(model.full_name, view.allows))
        for known in self._catalogue.lists:
            for name in known.models:
                if len(found) >= _MOST_ALTERNATIVES:
                    return list(found)[:_MOST_ALTERNATIVES]
                if not is_pattern(name) and view.allows(known.provider, name):
                    found[f"{known.provider.id}/{name}"] = None
        return list(found)[:_MOST_ALTERNATIVES]
