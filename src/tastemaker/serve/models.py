"""What the service takes and gives, as its OpenAPI says it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MOST = 256
PLAIN = r"^[^\x00-\x1f\x7f]+$"  # no NUL, no line breaks: ids end up in logs, headers and databases
Id = Annotated[str, StringConstraints(min_length=1, max_length=MOST, pattern=PLAIN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=MOST, pattern=PLAIN)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Moment = Annotated[int, Field(ge=0, le=32503680000)]  # UTC seconds, until the year 3000
Ids = Annotated[list[Id], Field(max_length=1000)]


class Strict(BaseModel):
    """A field that nobody knows is an error, not a guess."""

    model_config = ConfigDict(extra="forbid")


class Asked(Strict):
    """What to recommend, to whom, and from what; everything is optional."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"user": "u42", "n": 5}, {"n": 5, "explain": True, "diversity": 0.3}]},
    )
    user: Id | None = Field(None, description="Whose history, as the store knows it, is added.")
    likes: Annotated[list[Name], Field(max_length=1000)] = Field([], description="Ids or titles.")
    ratings: Annotated[dict[Name, Number], Field(max_length=1000)] = Field({}, description="Id or title -> grade.")
    taste: Annotated[dict[Name, Share], Field(max_length=1000)] = Field({}, description="Stated tastes, 0 to 1.")
    context: Annotated[
        dict[Name, Annotated[dict[Name, Number], Field(max_length=200)] | Name], Field(max_length=20)
    ] = Field({}, description="Block -> name -> number; a bare word is that name with the number 1.")
    text: Annotated[str, StringConstraints(max_length=128 * 1024)] = Field(
        "", description="What somebody typed, where the recipe reads a context off it. It is not kept."
    )
    place: Annotated[str, StringConstraints(max_length=MOST)] = Field("", description="Where the user is.")
    candidates: Annotated[list[Name], Field(max_length=10_000)] | None = Field(None, description="Only these: re-rank.")
    exclude: Annotated[list[Name], Field(max_length=10_000)] = Field([], description="None of these.")
    filters: Annotated[dict[Name, Name], Field(max_length=20)] = Field({}, description="Column -> value.")
    n: int = Field(10, ge=1, le=1000)
    diversity: Share = Field(0.0, description="0 = the best; towards 1 = the least alike.")
    explain: bool = False
    now: Moment | None = Field(None, description="UTC seconds; the service's clock where it is missing.")


class Reason(BaseModel):
    part: str
    weight: float | None


class Recommended(BaseModel):
    id: str
    score: float | None
    rank: int
    source: str = Field(description="The level of the fallback chain that chose it.")
    reasons: list[Reason] | None = Field(None, description="The parts of its score, where they were asked for.")


class Model(BaseModel):
    name: str
    version: int | None


class InArm(BaseModel):
    id: int
    arm: str


class Fallback(BaseModel):
    level: str = Field(description="active, challenger, parent, content, newest, nothing")
    reason: str = Field(description='Why not a better one; "" = nothing was wrong.')


class Recommendations(BaseModel):
    request_id: str
    took_ms: float
    model: Model
    experiment: InArm | None
    fallback: Fallback
    spoke: str | None = Field(None, description="The part of the model that chose, where its parts take turns.")
    context: dict[str, dict[str, float]] | None = Field(None, description="What was read off the text: label -> share.")
    items: list[Recommended]


class Explained(BaseModel):
    id: str
    rank: int
    score: float | None
    reasons: list[Reason]
    sentence: str


class Explanation(BaseModel):
    request_id: str
    at: int
    model: Model
    fallback: Fallback
    items: list[Explained]
    note: str = Field(description='"" = explained by the version that answered, from what was known then.')


Block = Annotated[dict[Name, Number], Field(max_length=200)]
Surroundings = Annotated[dict[Name, Block | Number | Name], Field(max_length=200)]


class Event(Strict):
    """Something that a user did."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user": "u42", "item": "i7", "kind": "like"}]}
    )
    user: Id
    item: Id
    kind: Literal["ranking", "rating", "like", "play", "click", "skip"]
    value: Number | None = Field(None, description="The grade of a rating or ranking; else how often, 1 if missing.")
    time: Moment | None = Field(None, description="When it happened, UTC seconds; now if missing.")
    id: Id | None = Field(None, description="What makes it the same event when it is sent again.")
    request_id: Id | None = Field(None, description="The answer that it follows.")
    context: Surroundings | None = Field(
        None, description="Block -> name -> number, or the name, or `block:name` -> number; else as the answer before."
    )
    place: Annotated[str, StringConstraints(max_length=MOST)] = Field("", description="Where the user was.")


class KeptEvent(Event):
    """As `export` writes it."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=PLAIN)] | None = Field(
        None, description="What makes it the same event in the store, where its sender gave it no id."
    )


class Receipt(BaseModel):
    row: int
    status: Literal["accepted", "duplicate", "spooled", "refused"]
    reason: str = ""


class Receipts(BaseModel):
    accepted: int
    duplicate: int
    spooled: int = Field(description="Safe on disk, in the database as soon as it answers again.")
    refused: int
    receipts: list[Receipt]


class Impression(Strict):
    """What was shown by somebody else than this service, or a part of what it had recommended."""

    user: Id
    items: Annotated[list[Id], Field(min_length=1, max_length=1000)]
    request_id: Id | None = None
    time: Moment | None = None


class Taken(BaseModel):
    accepted: int


class Item(Strict):
    """An item of the catalog; what is not said of it stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"id": "i7", "title": "Seven"}]})
    id: Id
    title: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=PLAIN)] | None = None
    text: Annotated[dict[Name, Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]],
                    Field(max_length=50)] = {}  # fmt: skip
    tags: Annotated[dict[Name, Annotated[list[Name], Field(max_length=200)]], Field(max_length=50)] = {}
    categories: Annotated[dict[Name, Name], Field(max_length=50)] = {}
    numbers: Annotated[dict[Name, Number], Field(max_length=200)] = {}
    available: bool | None = None


class StoredItem(BaseModel):
    id: str
    title: str
    text: dict[str, str]
    tags: dict[str, list[str]]
    categories: dict[str, str]
    numbers: dict[str, float | None]
    available: bool


class ItemPage(BaseModel):
    items: list[StoredItem]
    next: str | None = Field(description="The cursor of the next page; null = this was the last one.")


class Upserted(BaseModel):
    added: int
    changed: int
    unchanged: int
    job: int | None = Field(None, description="The job that makes the new items known to the models.")


class User(Strict):
    id: Id
    profile: Annotated[dict[Name, Share], Field(max_length=200)] = Field({}, description="Stated tastes, 0 to 1.")


class StoredUser(BaseModel):
    id: str
    profile: dict[str, float] | None
    synthetic: bool


class UserPage(BaseModel):
    users: list[StoredUser]
    next: str | None


class UserDetail(StoredUser):
    events: int


class ForgottenUser(BaseModel):
    events: int
    slates: int
    versions: list[int] = Field(description="Versions that had learned from them.")


class Version(BaseModel):
    id: int
    state: str
    algorithm: str
    parent: int | None
    created_at: int
    events_real: int
    reason: str
    metrics: dict[str, Any]


class Versions(BaseModel):
    active: int | None
    versions: list[Version]


class Why(Strict):
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=PLAIN)] = "over HTTP"


class ExperimentRow(BaseModel):
    id: int
    control: int
    treatment: int
    share: float
    metric: str
    state: str
    started_at: int
    ended_at: int | None
    reason: str


class Experiments(BaseModel):
    experiments: list[ExperimentRow]


class JobAsked(Strict):
    """search: how many settings are tried first; 0 = the present ones."""

    kind: Literal["retrain", "tune"] = "retrain"
    search: int = Field(0, ge=0, le=500)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=PLAIN)] = "asked for over HTTP"


class JobRow(BaseModel):
    id: int
    kind: str
    state: str
    created_at: int
    started_at: int | None
    ended_at: int | None
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error: str | None


class Jobs(BaseModel):
    jobs: list[JobRow]


class Health(BaseModel):
    status: Literal["live", "ready", "starting"]


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[dict[str, Any]] | None = None
