"""What the service answers, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    part: str
    weight: float | None


@dataclass(frozen=True)
class Item:
    """One recommendation. source: the level of the fallback chain that chose it; reasons: the parts of its score."""

    id: str
    score: float | None
    rank: int
    source: str
    reasons: tuple[Reason, ...] = ()

    @classmethod
    def of(cls, said: Json) -> "Item":
        reasons = tuple(Reason(part["part"], part["weight"]) for part in said.get("reasons") or ())
        return cls(said["id"], said["score"], said["rank"], said["source"], reasons)


@dataclass(frozen=True)
class Recommendations:
    """level, level_reason: which level of the fallback chain answered, and why not a better one; arm: None = none"""

    request_id: str
    items: tuple[Item, ...]
    model: str
    version: int | None
    level: str
    level_reason: str
    experiment: int | None
    arm: str | None
    took_ms: float

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(item.id for item in self.items)

    @classmethod
    def of(cls, said: Json) -> "Recommendations":
        arm = said["experiment"] or {"id": None, "arm": None}
        return cls(
            said["request_id"], tuple(map(Item.of, said["items"])), said["model"]["name"], said["model"]["version"],
            said["fallback"]["level"], said["fallback"]["reason"], arm["id"], arm["arm"], said["took_ms"],
        )  # fmt: skip


@dataclass(frozen=True)
class Event:
    """What a user did. time: UTC seconds, None = now; id: what makes it the same event; request_id: what it follows"""

    user: str
    item: str
    kind: str = "like"
    value: float | None = None
    time: int | None = None
    id: str | None = None
    request_id: str | None = None
    context: Mapping[str, Any] | None = None
    place: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Receipt:
    """status: accepted, duplicate, spooled or refused; reason: why it was refused"""

    row: int
    status: str
    reason: str = ""


@dataclass(frozen=True)
class Receipts:
    accepted: int
    duplicate: int
    spooled: int
    refused: int
    rows: tuple[Receipt, ...]

    @classmethod
    def of(cls, said: Json) -> "Receipts":
        rows = tuple(Receipt(row["row"], row["status"], row["reason"]) for row in said["receipts"])
        return cls(said["accepted"], said["duplicate"], said["spooled"], said["refused"], rows)
