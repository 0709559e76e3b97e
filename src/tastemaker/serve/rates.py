"""How often a key may ask: a bucket of tokens that fills evenly, one a key and worker."""

from time import monotonic


class Rates:
    """rate: requests a second; burst: how many may come at once."""

    def __init__(self, rate: float, burst: float, workers: int) -> None:
        self._rate, self._burst, self._workers = rate / workers, max(1.0, burst / workers), workers
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, rate: float | None = None) -> float:
        """0 = go on; else the seconds until the next request may come. rate: the key's own one."""
        fill = self._rate if rate is None else rate / self._workers
        most = self._burst if rate is None else max(1.0, 2.0 * fill)
        now = monotonic()
        tokens, since = self._buckets.get(key, (most, now))
        tokens = min(most, tokens + (now - since) * fill)
        if tokens < 1.0:
            self._buckets[key] = (tokens, now)
            return (1.0 - tokens) / fill
        self._buckets[key] = (tokens - 1.0, now)
        return 0.0
