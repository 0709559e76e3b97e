"""Why an answer was what it was: the version that gave it is asked again, with what it knew then."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Path
from starlette.concurrency import run_in_threadpool

from ...data.query import Query, Slate
from ...data.query import Reason as Part
from ...recommender import Recommender
from ...store.slates import slate_of_request
from ..guarded import Guarded
from ..live import Live
from ..models import Explanation
from ..problems import Refused
from ..tenant import Tenant
from .common import Reader, Serving
from .common import router as new_router

router = new_router("recommendations")
RequestId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{8,64}$")]


@router.get("/explanations/{request_id}", response_model=Explanation)
async def explanation(caller: Reader, worker: Serving, request_id: RequestId) -> dict[str, Any]:
    """The parts of each score and a sentence, for an answer of the service. Logged within a second of the answer."""
    row = await run_in_threadpool(_find, caller.tenant, request_id)
    if row is None:
        raise Refused(404, f"No answer has the request id {request_id}. It is logged within a second of the answer.")
    live = caller.tenant.live
    if live is None:
        raise Refused(503, "The project is not open yet.", {"Retry-After": "1"})
    query = asked_then(row, live)
    told = await worker.explain(caller.tenant, query, row.version)
    return await run_in_threadpool(_explained, caller.tenant, row, live, query, told.slate)


def _find(tenant: Tenant, request_id: str) -> Any:
    with tenant.store.read() as conn:
        return slate_of_request(conn, request_id)


def asked_then(row: Any, live: Live) -> Query:
    """The question as it was, for the items that were shown."""
    said, known = row.query, live.catalog.items
    profile = {taste: v for taste, v in said["profile"].items() if taste in live.answers.recommender.tastes}
    shown = tuple(id_ for id_ in row.items if id_ in known)
    return Query(
        likes=tuple(said["likes"]), ratings=said["ratings"], user=said["user"], profile=profile,
        context=said["context"], candidates=shown, n=max(1, len(shown)), now=said["now"], when=said["when"],
    )  # fmt: skip


def _explained(tenant: Tenant, row: Any, live: Live, query: Query, found: Slate) -> dict[str, Any]:
    from ...explain import evidence  # here: a worker is ready sooner, and smaller
    from ...explain.explainer import worded, wording_of
    from ...explain.suits import suits

    by_id = dict(zip(found.items, found.reasons, strict=True))
    reasons = tuple(by_id.get(id_, ()) for id_ in row.items)
    known = [k for k, id_ in enumerate(row.items) if id_ in live.catalog.items]
    slate = Slate(
        tuple(row.items[k] for k in known), (0.0,) * len(known), ("",) * len(known), tuple(reasons[k] for k in known),
        row.version, row.level,
    )  # fmt: skip
    wanted = suits(_bare(live.answers.recommender), query, found)
    counted = evidence(slate, live.catalog, query, called=live.answers.called, suits=wanted)
    told = worded(tenant.store, slate, counted, live.catalog, wording_of(tenant.store.recipe()))
    said = dict(zip(slate.items, told.words, strict=True))
    same = found.version == row.version
    return {
        "request_id": row.request, "at": row.at,
        "model": {"name": live.names.get(row.version, row.level),
                  "version": int(row.version) if row.version.isdigit() else None},
        "fallback": {"level": row.level, "reason": row.level_reason},
        "items": [_item(k, id_, row.scores[k], reasons[k], said.get(id_, "")) for k, id_ in enumerate(row.items)],
        "note": "" if same else f"version {row.version} answered; this is how version {found.version} sees it",
    }  # fmt: skip


def _bare(chain: Recommender) -> Recommender:
    """The same chain, its scorers without their guard."""
    scorers = (one.scorer.inner if isinstance(one.scorer, Guarded) else one.scorer for one in chain.levels)
    return replace(
        chain, levels=tuple(replace(one, scorer=bare) for one, bare in zip(chain.levels, scorers, strict=True))
    )


def _item(k: int, id_: str, score: float | None, reasons: tuple[Part, ...], sentence: str) -> dict[str, Any]:
    parts = [{"part": reason.part, "weight": reason.weight} for reason in reasons]
    return {"id": id_, "rank": k + 1, "score": score, "reasons": parts, "sentence": sentence}
