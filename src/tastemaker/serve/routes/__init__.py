"""One router a file."""

from . import events, experiments, explanations, health, items, jobs, recommendations, transfer, users, versions

ROUTERS = (
    health.router, recommendations.router, explanations.router, events.router, items.router, users.router,
    versions.router, experiments.router, jobs.router, transfer.router,
)  # fmt: skip

__all__ = ["ROUTERS"]
