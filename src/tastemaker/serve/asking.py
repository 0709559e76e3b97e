"""One question on its way to an answer, and the answer as bytes."""

from asyncio import AbstractEventLoop, Future
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import orjson

from ..data.query import Query, Slate

if TYPE_CHECKING:
    from .live import Live
    from .tenant import Tenant

Json = dict[str, Any]


@dataclass(eq=False, slots=True)
class Ask:
    """said: the arguments of Answers.query; similar: near these items in content, whoever asks

    then: a question of the past and the version that answered it;  notes: what of it could not be understood
    """

    tenant: "Tenant"
    said: Mapping[str, Any]
    future: "Future[Answer]"
    loop: AbstractEventLoop
    deadline: float
    explain: bool = False
    similar: bool = False
    diversity: float = 0.0
    then: tuple[Query, str] | None = None
    notes: list[str] = field(default_factory=list)
    begun: float = field(default_factory=monotonic)


@dataclass(eq=False, slots=True)
class Answer:
    """slate: what is shown; experiment: {"id", "arm"} or None; tail: the JSON behind request_id and took_ms"""

    live: "Live"
    query: Query
    slate: Slate
    experiment: Json | None
    tail: bytes

    @property
    def whole(self) -> bool:
        """Did what should answer answer? What was made do with is not worth keeping."""
        return self.slate.level_reason == "" and self.slate.level != "newest"

    def body(self, request_id: str, begun: float) -> bytes:
        took = (monotonic() - begun) * 1000.0
        return b'{"request_id":"%b","took_ms":%.3f,%b' % (request_id.encode(), took, self.tail)

    def row(self, request_id: str, at: int) -> Json:
        """As the table of slates keeps it. at: when it was shown, UTC seconds."""
        slate = self.slate
        return {
            "at": at, "user": self.query.user, "version": slate.version, "level": slate.level,
            "level_reason": slate.level_reason, "arm": slate.arm, "query": query_json(self.query),
            "items": slate.items, "scores": slate.scores, "propensities": slate.propensities, "request": request_id,
        }  # fmt: skip


def json_text(value: Any) -> str:
    """NaN becomes null, NumPy's values plain ones."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def query_json(query: Query) -> Json:
    """The fields of a query."""
    return {name: getattr(query, name) for name in query.__dataclass_fields__}


def answered(live: "Live", query: Query, slate: Slate, experiment: Json | None, explain: bool) -> Answer:
    version = int(slate.version) if slate.version.isdigit() else None
    items = []
    for k, (id_, score, source) in enumerate(zip(slate.items, slate.scores, slate.sources, strict=True)):
        item: Json = {"id": id_, "score": score, "rank": k + 1, "source": source}
        if explain:
            item["reasons"] = [{"part": reason.part, "weight": reason.weight} for reason in slate.reasons[k]]
        items.append(item)
    said: Json = {
        "model": {"name": live.names.get(slate.version, slate.level), "version": version},
        "experiment": experiment,
        "fallback": {"level": slate.level, "reason": slate.level_reason},
    }
    if slate.spoke:
        labels = () if live.answers.contexts is None else live.answers.contexts.labels
        said |= {
            "spoke": slate.spoke,
            "context": {name: query.context[name] for name in labels if name in query.context},
        }
    said["items"] = items
    return Answer(live, query, slate, experiment, orjson.dumps(said)[1:])
