"""schemathesis: whatever the OpenAPI allows is answered as it says, and what it does not allow is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..shops import copied
from .opened import new_key
from .running import Running, running

schemathesis = pytest.importorskip("schemathesis")
EXAMPLES = 15


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, taught_light: Path) -> Iterator[Running]:
    root = copied(taught_light, tmp_path_factory.mktemp("contract"))
    with running(root, new_key(root, "admin")) as made:
        yield made


def operations() -> list[str]:
    """By name, so that each is a test of its own: read from an application that serves nothing.

    Without `import`, whose JSON Lines schemathesis cannot make: test_changes and test_security send those.
    """
    from tastemaker.serve.app import create
    from tastemaker.serve.settings import Settings

    document = create(Settings(())).document()
    return [
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if "/import/" not in path
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", operations())
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_the_service_keeps_its_word(service: Running, operation: str, mode: str) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis import GenerationMode

    method, path = operation.split(" ", 1)
    schema = schemathesis.openapi.from_dict(service.http.get("/openapi.json").json())
    headers = {"Authorization": service.http.headers["Authorization"]}
    wanted = GenerationMode.POSITIVE if mode == "positive" else GenerationMode.NEGATIVE
    if mode == "negative" and path.startswith("/health/"):
        pytest.skip("nothing is taken here, so nothing can be wrong")
    cases = schema[path][method].as_strategy(generation_mode=wanted)

    @given(case=cases)
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    def check(case: Any) -> None:
        case.call_and_validate(base_url=service.url, headers=headers)

    check()
    assert service.http.get("/health/live").status_code == 200
