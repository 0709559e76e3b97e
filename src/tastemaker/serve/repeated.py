"""The same question of a user of whom nothing changed: the same answer, logged anew."""

from time import monotonic

from .asking import Answer
from .tenant import Tenant
from .worker import Worker


async def recommended(worker: Worker, tenant: Tenant, user: str, n: int, explain: bool) -> Answer:
    """What a user is recommended; from memory where neither they nor what answers has changed since."""
    live = tenant.live
    lasts = worker.settings.repeat_s
    if live is None or live.explore > 0 or lasts <= 0:
        return await worker.answer(tenant, {"user": user, "n": n}, explain)
    histories, key, mark, now = tenant.histories, (n, explain), worker.marks.of(tenant.name, user), monotonic()
    found: Answer
    found, until = (histories.made(user, mark) or {}).get(key, (None, 0.0))
    if until > now and found.live is live:
        worker.metrics.cache_hit()
        return found
    answer = await worker.answer(tenant, {"user": user, "n": n}, explain)
    if answer.whole:
        histories.make(user, mark, key, (answer, now + lasts))
    return answer
