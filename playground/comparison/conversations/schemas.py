"""The shapes of changes to sessions on the wire."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from playground.comparison.schemas import MOST_LANES, LaneNumber, LaneRequest, ModelName, ObjectId, Parameters, with_defaults
from playground.kit.text import CleanText, clean, not_blank
from playground.kit.wire import GivenMoment, WireInput, WireModel, at_most, fields_at_fault

MOST_TAGS = 32
MOST_METADATA_BYTES = 16 * 1024


def _in_future(moment: datetime) -> datetime:
    if moment <= datetime.now(UTC):
        raise ValueError("is in the past")
    return moment


def _small_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(metadata, ensure_ascii=False)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_METADATA_BYTES:
        raise ValueError(f"is {size:,} bytes long as JSON; at most {MOST_METADATA_BYTES:,} (16 KB) are allowed")
    cleaned: dict[str, Any] = _cleaned(metadata)
    return cleaned


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if isinstance(value, dict):
        return {clean(name): _cleaned(each) for name, each in value.items()}
    return value


def _without_repetition(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Title = Annotated[CleanText, AfterValidator(not_blank), Field(max_length=300)]
Tag = Annotated[CleanText, AfterValidator(not_blank), Field(max_length=50)]
Tags = Annotated[list[Tag], at_most(MOST_TAGS), Field(max_length=MOST_TAGS), AfterValidator(_without_repetition)]
Metadata = Annotated[dict[str, Any], AfterValidator(_small_metadata)]
Expiry = Annotated[GivenMoment, AfterValidator(_in_future)]


class NewSession(Parameters):
    """An empty session. Parameters beside `lanes` are its defaults, also for lanes that are added later."""

    title: Title | None = None
    """Absent: the first prompt gives it."""
    models: Annotated[list[ModelName], at_most(MOST_LANES), Field(max_length=MOST_LANES)] | None = None
    lanes: Annotated[list[LaneRequest], at_most(MOST_LANES), Field(max_length=MOST_LANES)] | None = None
    tags: Annotated[Tags, Field(default_factory=list)]
    metadata: Annotated[Metadata, Field(default_factory=dict)]
    expires_at: Expiry | None = None
    """The session is deleted at this time."""

    @model_validator(mode="after")
    def _names_models(self) -> Self:
        if self.models is not None and self.lanes is not None:
            raise fields_at_fault("give either `models` or `lanes`", "models", "lanes")
        for place, lane in enumerate(self.lanes or ()):
            if lane.model is None:
                raise fields_at_fault("is missing", f"lanes.{place}.model")
            if lane.lane is not None:
                raise fields_at_fault("is given by the service", f"lanes.{place}.lane")
        return self

    def all_lanes(self) -> list[LaneRequest]:
        """Return the lanes, each with the defaults filled in."""
        lanes = self.lanes if self.lanes is not None else [LaneRequest(model=model) for model in self.models or []]
        return [with_defaults(lane, self) for lane in lanes]


class SessionChange(WireInput):
    """What changes of a session. What is absent stays as it is."""

    title: Title | None = None
    tags: Tags | None = None
    favourite: bool | None = None
    metadata: Metadata | None = None
    """Takes the place of all metadata of before."""
    parameters: Parameters | None = None
    """The defaults for lanes that are added; they take the place of all of before."""
    expires_at: Expiry | None = None
    """Null: never."""

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        for name in self.model_fields_set - {"expires_at"}:
            if getattr(self, name) is None:
                raise fields_at_fault("can't be null", name)
        return self


class NewLane(LaneRequest):
    """A lane to add."""

    model: ModelName
    continues: ObjectId | None = None
    """The answer that its first turn continues; absent: it starts a conversation."""


class LaneChange(Parameters):
    """What changes of a lane, from its next turn on. What is absent stays as it is; null goes back to the default."""

    model: ModelName | None = None


class LaneOrder(WireInput):
    """The lanes from the left."""

    lanes: Annotated[list[LaneNumber], Field(min_length=1, max_length=1_000)]


class HeadChoice(WireInput):
    """The answer that the next turn continues. Null: it starts a conversation."""

    answer_id: ObjectId | None


class HeadsChoice(HeadChoice):
    """The answer that the next turn of several lanes continues."""

    lanes: Annotated[list[LaneNumber], at_most(MOST_LANES), Field(min_length=1, max_length=MOST_LANES)] | None = None
    """Absent: all lanes."""


class ForkRequest(WireInput):
    """A new session from the conversation that ends with an answer."""

    answer_id: ObjectId
    title: Title | None = None
    """Absent: the title of the session."""


class SessionCreated(WireModel):
    """The id of a new session."""

    id: str
