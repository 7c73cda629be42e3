"""Options that are out of range say so; every error speaks both languages."""

import pickle
import string

import pytest

from rag import errors
from rag.errors import AulaError, BadOption
from rag.settings import PRESETS, Decoding, Settings


def every_error(kind=AulaError):
    for child in kind.__subclasses__():
        yield child
        yield from every_error(child)


@pytest.mark.parametrize(
    "kind", sorted((kind for kind in every_error() if kind.__module__.startswith("rag.errors.")), key=repr)
)
def test_errors_speak_both_languages_with_the_same_values(kind):
    named = {
        lang: {field for _, field, _, _ in string.Formatter().parse(text) if field}
        for lang, text in kind.messages.items()
    }
    assert set(named) == {"en", "es"}
    assert named["en"] == named["es"]
    error = kind(**{field: "¡{x}!" for field in named["en"]})
    assert error.text("es") != error.text("en")
    assert error.text("fr") == error.text("en")
    assert pickle.loads(pickle.dumps(error)).params == error.params
    assert kind.__name__ in errors.__doc__ or kind.__subclasses__()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("temperature", -0.1),
        ("temperature", "hot"),
        ("temperature", float("nan")),
        ("top_k", 3.5),
        ("max_tokens", 0),
        ("seed", True),
        ("stop", [""]),
        ("stop", 4),
    ],
)
def test_a_bad_option_is_named(option, value):
    with pytest.raises(BadOption) as caught:
        Decoding.from_options({option: value})
    assert option in caught.value.text("es")


def test_options_are_read_over_a_base():
    read = Decoding.from_options({"temperature": "0.7", "seed": 4, "stop": "\n"}, PRESETS["precise"])
    assert (read.temperature, read.seed, read.stop, read.top_k) == (0.7, 4, ("\n",), 1)


def test_settings_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("AULA_DATA_DIR", str(tmp_path / "d"))
    monkeypatch.setenv("AULA_OFFLINE", "1")
    monkeypatch.delenv("AULA_MODELS_DIR", raising=False)
    settings = Settings.from_env(port=1234, model=None)
    assert settings.models_dir == tmp_path / "d" / "models"
    assert settings.offline
    assert settings.port == 1234
    assert settings.host == "127.0.0.1"
    monkeypatch.setenv("AULA_MODELS_DIR", str(tmp_path / "m"))
    assert Settings.from_env().models_dir == tmp_path / "m"
