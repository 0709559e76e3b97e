"""Is what answers still good: predicted beside realised quality, alarms, outcomes that nobody expected."""

from .alarms import Alarm, alarms
from .drift import Drift, drifts
from .limits import DAY, Limits
from .quality import Figures, Quality, figures, quality
from .status import Status, judged_before, status
from .tracker import Chains, Tracked, track
from .unexpected import Cluster, Unexpected, clusters, odds_of_like, unexpected

__all__ = [
    "DAY",
    "Alarm",
    "Chains",
    "Cluster",
    "Drift",
    "Figures",
    "Limits",
    "Quality",
    "Status",
    "Tracked",
    "Unexpected",
    "alarms",
    "clusters",
    "drifts",
    "figures",
    "judged_before",
    "odds_of_like",
    "quality",
    "status",
    "track",
    "unexpected",
]
