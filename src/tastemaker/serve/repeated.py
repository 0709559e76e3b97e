"""The same question of a user of whom nothing changed: the same answer, logged anew."""

from time import monotonic

from .asking import Answer
from .tenant import Tenant
from .worker import Worker

MOST = 20_000


async def recommended(worker: Worker, tenant: Tenant, user: str, n: int, explain: bool) -> Answer:
    """What a user is recommended; from memory where neither they nor what answers has changed since."""
    live = tenant.live
    lasts = worker.settings.repeat_s
    if live is None or live.explore > 0 or lasts <= 0:
        return await worker.answer(tenant, {"user": user, "n": n}, explain)
    key, mark = (user, n, explain), worker.marks.of(tenant.name, user)
    kept = tenant.answers.get(key)
    now = monotonic()
    if kept is not None and kept[0] == mark and kept[1].live is live and kept[2] > now:
        worker.metrics.cache_hit()
        found: Answer = kept[1]
        return found
    answer = await worker.answer(tenant, {"user": user, "n": n}, explain)
    if answer.whole:
        if len(tenant.answers) >= MOST:
            tenant.answers.clear()
        tenant.answers[key] = (mark, answer, now + lasts)
    return answer
