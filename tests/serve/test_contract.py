"""schemathesis: whatever the OpenAPI allows is answered as it says, and what it does not allow is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..shops import copied
from .opened import Service, opened

schemathesis = pytest.importorskip("schemathesis")
EXAMPLES = 15


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, taught_light: Path) -> Iterator[Service]:
    with opened(copied(taught_light, tmp_path_factory.mktemp("contract"))) as made:
        yield made


def operations() -> list[str]:
    """By name, so that each is a test of its own: read from an application that serves nothing."""
    from tastemaker.serve.app import create
    from tastemaker.serve.settings import Settings

    document = create(Settings(())).document()
    return [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", operations())
def test_the_service_keeps_its_word(service: Service, operation: str) -> None:
    from hypothesis import HealthCheck, Phase, given, settings

    method, path = operation.split(" ", 1)
    schema = schemathesis.openapi.from_dict(service.http.get("/openapi.json").json())
    schema.config.update(base_url="http://testserver", headers={"Authorization": f"Bearer {service.key}"})

    @given(case=schema[path][method].as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    def check(case: Any) -> None:
        answer = case.call(session=service.http, headers={"Authorization": f"Bearer {service.key}"})
        case.validate_response(answer)

    check()
    assert service.http.get("/health/live").status_code == 200
