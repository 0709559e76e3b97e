"""What is answered where no model can: by the rules alone, at once."""

from dataclasses import replace
from time import time

from ..data.query import Query
from ..errors import StoreError
from .asking import Answer, Ask, answered


def without_model(ask: Ask, why: str) -> Answer:
    """The newest items that the rules and the question allow, under the arm that its user is in; QueryError where the
    question names what nobody knows."""
    live, said = ask.tenant.live, ask.said
    if live is None or ask.then is not None:
        raise StoreError(f"This cannot be answered now: {why}.")
    user = said.get("user")
    answers, dealt = live.dealt(user)
    known = None if user is None else ask.tenant.histories.remembered(user)
    cheap = {name: value for name, value in said.items() if name != "text"}
    query = answers.query(**{**cheap, "known": known or Query(user=user), "now": said.get("now") or int(time())})
    slate = live.newest(query, why)
    return answered(live, query, slate if dealt is None else replace(slate, arm=dealt["arm"]), dealt, ask.explain)
