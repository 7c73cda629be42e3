"""Shared by every test: the models folder, a data folder of one's own, and what needs real weights."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.settings import Settings

# Nothing of a test run goes out, and a library must not ask a hub whether a local file is current.
os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    ANONYMIZED_TELEMETRY="False",
    GRADIO_ANALYTICS_ENABLED="False",
    LANGSMITH_TRACING="false",
    TOKENIZERS_PARALLELISM="false",
)

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder that `make test` has filled: AULA_MODELS_DIR, else the app's own."""
    return Path(os.environ.get("AULA_MODELS_DIR") or ROOT / "data" / "models").resolve()


@pytest.fixture
def settings(tmp_path: Path, models_dir: Path) -> Settings:
    """A run of its own: an empty data folder, the shared models, nothing from the network."""
    return Settings(
        data_dir=tmp_path / "data",
        models_dir=models_dir,
        model="smollm2-135m-instruct",
        embedding="all-minilm-l6-v2",
        download=False,
        offline=True,
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[object]:
    """An open, empty database."""
    from rag.database import open_database

    engine = open_database(tmp_path / "aula.sqlite")
    yield engine
    engine.dispose()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, and the browser's last: Playwright keeps an event loop running until the session ends."""
    order = {"unit": 0, "integration": 1, "browser": 2}
    items.sort(key=lambda item: order.get(item.path.parent.name, 3))
