"""Every error this package raises on purpose; each message names the thing, the value and the next step.

TastemakerError
├── DataError          a file, table or row breaks its stated shape
│   ├── LeakError      training data reaches into what it is tested on
│   └── PartlyImported of several tables only the first could be imported; they stay
├── RecipeError        a recipe names something that does not exist, or a value out of range
├── QueryError         a question names an item, a taste or a version that nobody knows
├── StoreError         the project directory or its database cannot be opened, read or written
│   ├── ArtifactError  a saved model is missing, altered or too new
│   └── LeaseHeld      somebody else does what only one may do at a time
├── TrainingError      learning could not start, or its loss degenerated
├── Cancelled          somebody asked a long job to stop
├── ServiceError       the service refused a request, or could not be reached
└── MissingExtra       an optional dependency is needed; the message is its install line
"""


class TastemakerError(Exception):
    """The root: catch this to catch everything this package raises on purpose."""


class DataError(TastemakerError):
    pass


class LeakError(DataError):
    pass


class PartlyImported(DataError):
    pass


class RecipeError(TastemakerError):
    pass


class QueryError(TastemakerError):
    pass


class StoreError(TastemakerError):
    pass


class ArtifactError(StoreError):
    pass


class LeaseHeld(StoreError):
    pass


class TrainingError(TastemakerError):
    pass


class Cancelled(TastemakerError):
    pass


class ServiceError(TastemakerError):
    """status: HTTP, 0 = nobody answered; request_id: what the service's log calls the request."""

    def __init__(self, status: int, detail: str, request_id: str = "") -> None:
        named = f" (request {request_id})" if request_id else ""
        super().__init__(f"The service answered {status}: {detail}{named}")
        self.status, self.detail, self.request_id = status, detail, request_id


class MissingExtra(TastemakerError):
    def __init__(self, module: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {module}, which is not installed. Run: pip install 'tastemaker[{extra}]'")
        self.module, self.extra = module, extra
