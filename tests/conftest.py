"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party data beside the project, or a skip with the reason."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared (third-party data beside the project)")
    return SHARED


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` takes the labels of now for those to come."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/labels")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are rewritten."""
    return bool(request.config.getoption("--update-golden"))
