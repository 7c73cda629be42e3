"""What every error is, and the two that anything may raise. The whole tree: rag/errors/__init__.py."""

from __future__ import annotations

from typing import ClassVar


class AulaError(Exception):
    """The root: a message in each language, filled with named values; `text` says it, `params` holds the values."""

    messages: ClassVar[dict[str, str]] = {
        "en": "Something went wrong.",
        "es": "Algo ha fallado.",
    }

    def __init__(self, **params: object) -> None:
        """Keep the values that the message names."""
        self.params = params
        super().__init__(self.text())

    def text(self, lang: str = "en") -> str:
        """Return the message in `lang` ("en" or "es"; anything else reads English)."""
        message = self.messages.get(lang, self.messages["en"])
        return message.format_map({key: _shown(value, lang) for key, value in self.params.items()})

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by class and values, since the constructor takes keywords only."""
        return _rebuild, (type(self), self.params)


def _rebuild(kind: type[AulaError], params: dict[str, object]) -> AulaError:
    return kind(**params)


def _shown(value: object, lang: str) -> str:
    if isinstance(value, AulaError):
        return value.text(lang)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


class BadOption(AulaError):
    """`option`: its name, `allowed`: the range as text."""

    messages = {
        "en": "The option “{option}” is not valid. Allowed: {allowed}.",
        "es": "La opción «{option}» no es válida. Se admite: {allowed}.",
    }


class Cancelled(AulaError):
    """The person asked to stop."""

    messages = {"en": "Stopped.", "es": "Detenido."}
