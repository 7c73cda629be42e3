"""Where things lie and how the model decodes: values only, read once at start; nothing here opens a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from rag.errors import BadOption

STARTER = "smollm2-135m-instruct"
DEFAULT_MODEL = "qwen2.5-coder-1.5b-instruct"
DEFAULT_EMBEDDING = "multilingual-e5-small"


def _truthy(value: str) -> bool:
    return value.strip().lower() in {"1", "true", "yes", "on"}


@dataclass(frozen=True)
class Settings:
    """One run of the app. Paths are absolute; `n_ctx` is the context window in tokens."""

    data_dir: Path
    models_dir: Path
    host: str = "127.0.0.1"
    port: int = 7860
    model: str = DEFAULT_MODEL
    starter: str = STARTER
    embedding: str = DEFAULT_EMBEDDING
    download: bool = True
    offline: bool = False
    mcp: bool = False
    n_ctx: int = 4096
    folders: tuple[Path, ...] = ()  # that the page may import and watch, and nothing outside of them

    @classmethod
    def from_env(cls, **overrides: object) -> Settings:
        """Read AULA_DATA_DIR, AULA_MODELS_DIR, AULA_FOLDERS and AULA_OFFLINE; an override that is not None wins."""
        given = {key: value for key, value in overrides.items() if value is not None}
        data_dir = Path(str(given.pop("data_dir", None) or os.environ.get("AULA_DATA_DIR") or "data"))
        data_dir = data_dir.expanduser().resolve()
        models = given.pop("models_dir", None) or os.environ.get("AULA_MODELS_DIR")
        models_dir = Path(str(models)).expanduser().resolve() if models else data_dir / "models"
        given.setdefault("offline", _truthy(os.environ.get("AULA_OFFLINE", "")))
        if "folders" not in given:
            named = os.environ.get("AULA_FOLDERS", "").split(os.pathsep)
            given["folders"] = tuple(Path(name).expanduser().resolve() for name in named if name.strip())
        return cls(data_dir=data_dir, models_dir=models_dir, **given)  # type: ignore[arg-type]

    @property
    def database(self) -> Path:
        """The SQLite file that holds the truth."""
        return self.data_dir / "aula.sqlite"

    @property
    def files_dir(self) -> Path:
        """Uploaded originals, each named by its sha256."""
        return self.data_dir / "files"

    @property
    def chroma_dir(self) -> Path:
        """Vectors: disposable, rebuilt from the database."""
        return self.data_dir / "chroma"

    @property
    def pages_dir(self) -> Path:
        """Pictures of pages that were looked at: disposable, drawn again from the originals."""
        return self.data_dir / "pages"

    @property
    def strategies_dir(self) -> Path:
        """Strategies of the user's own, as files of YAML; nothing of Aula's writes here."""
        return self.data_dir / "strategies"

    @property
    def backup_dir(self) -> Path:
        """Backups on their way out or in, emptied at start."""
        return self.data_dir / "backup"

    @property
    def work_dir(self) -> Path:
        """Uploads on their way in, emptied at start."""
        return self.data_dir / "work"


# name -> (lowest, highest, whether whole numbers only); the ranges that the page's sliders use too.
RANGES: dict[str, tuple[float, float, bool]] = {
    "temperature": (0.0, 2.0, False),
    "top_k": (0, 200, True),
    "top_p": (0.0, 1.0, False),
    "min_p": (0.0, 1.0, False),
    "repeat_penalty": (0.5, 2.0, False),
    "max_tokens": (1, 4096, True),
    "seed": (-1, 2**31 - 1, True),
}


@dataclass(frozen=True)
class Decoding:
    """How the next token is chosen, in llama.cpp's names. Temperature 0 is greedy; seed -1 draws a new one."""

    temperature: float = 0.2
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    max_tokens: int = 512
    seed: int = -1
    stop: tuple[str, ...] = ()

    @classmethod
    def from_options(cls, options: Mapping[str, object], base: Decoding | None = None) -> Decoding:
        """Build from JSON-like values over `base`; unknown names are left to the caller. Raises BadOption."""
        start = base or cls()
        values = {field.name: getattr(start, field.name) for field in fields(cls)}
        for name in RANGES:
            if options.get(name) is not None:
                values[name] = _number(name, options[name])
        if options.get("stop") is not None:
            values["stop"] = _stops(options["stop"])
        return cls(**values)


def _number(name: str, value: object) -> float | int:
    low, high, whole = RANGES[name]
    allowed = f"{low:g} – {high:g}"
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise BadOption(option=name, allowed=allowed)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise BadOption(option=name, allowed=allowed) from None
    if not low <= number <= high or (whole and number != int(number)):  # NaN fails the first comparison
        raise BadOption(option=name, allowed=allowed)
    return int(number) if whole else number


def _stops(value: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or len(items) > 16:
        raise BadOption(option="stop", allowed='≤ 16 × "…"')
    if not all(isinstance(item, str) and item for item in items):
        raise BadOption(option="stop", allowed='≤ 16 × "…"')
    return tuple(items)


PRESETS: dict[str, Decoding] = {
    "precise": Decoding(temperature=0.0, top_k=1, top_p=1.0, min_p=0.0),
    "balanced": Decoding(temperature=0.4, top_k=40, top_p=0.9, min_p=0.05, repeat_penalty=1.05),
    "creative": Decoding(temperature=0.9, top_k=100, top_p=0.97, min_p=0.03, repeat_penalty=1.1),
}
