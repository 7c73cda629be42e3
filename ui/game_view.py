"""The guessing game as HTML: levels, what is known of the defence, what was said, the score. It holds no secret."""

from __future__ import annotations

from markupsafe import Markup

from prompts import words
from prompts.lessons.defence import SECRET, Answer
from prompts.lessons.game import View
from prompts.lessons.levels import Level, levels
from prompts.lessons.score import Score, Share, Trial
from ui.components import button, progress_bar
from ui.outcomes import share
from ui.texts import count, decimal, say

_MASK = "●●●●●●●●"
_BLOCKED = {"input": "game.input", "output": "game.output"}


def level_list(view: View, lang: str) -> str:
    """Return the levels as buttons: which one is played, which are won."""
    items = Markup("").join(_level(one, view, lang) for one in levels())
    return str(Markup('<ol class="aula-levels" aria-label="{}">{}</ol>').format(say(lang, "lesson.levels"), items))


def _level(level: Level, view: View, lang: str) -> Markup:
    won = level.number in view.solved
    state = say(lang, "lesson.won") if won else ""
    name = f"{level.number}. {level.title[lang]}" + (f" ({state})" if won else "")
    current = Markup(' aria-current="step"') if level == view.level else Markup("")
    return Markup(
        '<li><button type="button" class="aula-level{}" data-do="level" data-id="{}" aria-label="{}" title="{}"{}>'
        "{}{}</button></li>"
    ).format(" won" if won else "", level.number, name, name, current, level.number, " ✓" if won else "")


def level_brief(level: Level, lang: str) -> str:
    """Return what the level is about and how it is defended, the secret masked."""
    defence = level.defence(lang)
    filters = [
        say(lang, key)
        for key, on in (("lesson.has_input", bool(defence.asking)), ("lesson.has_output", defence.output))
        if on
    ]
    shown = defence.prompt.filled({SECRET: _MASK, "message": f"[{_writes(level, lang)}]"})
    return str(
        Markup(
            '<section class="aula-brief"><h3>{}</h3><p>{}</p><p class="aula-caption">{} <cite>{}</cite></p>'
            "<details><summary>{}</summary><pre>{}\n\n{}</pre>{}</details></section>"
        ).format(
            say(lang, "lesson.level", n=level.number, title=level.title[lang]),
            say(lang, "lesson.task_document" if level.reads == "document" else "lesson.task"),
            level.teaches[lang],
            level.source,
            say(lang, "lesson.defence"),
            shown.system,
            shown.user,
            Markup("").join(Markup("<p>{}</p>").format(one) for one in filters),
        )
    )


def _writes(level: Level, lang: str) -> str:
    return say(lang, "lesson.document" if level.reads == "document" else "lesson.message")


def conversation(view: View, lang: str, message: str = "", answer: Answer | None = None) -> str:
    """Return what was said at this level, and last what is being said now."""
    said = [(line.message, line.answer) for line in view.lines]
    if answer is not None:
        said.append((message, answer))
    items = Markup("").join(
        Markup('<li><p class="aula-said">{}</p><p class="aula-answered{}">{}</p></li>').format(
            asked, " blocked" if given.blocked else "", _answered(given, lang)
        )
        for asked, given in said
    )
    return str(
        Markup('<ol class="aula-exchanges" role="log" aria-label="{}">{}</ol>').format(say(lang, "lesson.log"), items)
    )


def _answered(answer: Answer, lang: str) -> str:
    if answer.blocked:
        return words.say(lang, _BLOCKED[answer.blocked])
    if answer.checking:
        return words.say(lang, "game.checking")
    return answer.text or "…"


def told(view: View, right: bool | None, lang: str) -> str:
    """Return what came of a guess (None: none was made just now), and the way on once the word is known."""
    if not view.word:
        text = count(lang, "lesson.not_it", view.guesses) if right is False else ""
        return str(Markup('<p class="aula-note" role="status">{}</p>').format(text)) if text else ""
    last = view.level.number == len(levels())
    on = button(say(lang, "lesson.next"), "level", str(view.level.number + 1), kind="small primary")
    end = Markup("<p>{}</p>").format(say(lang, "lesson.end"))
    return str(
        Markup(
            '<div class="aula-conclusion agrees"><p role="status">{}</p><p class="aula-caption">{}</p>{}</div>'
        ).format(
            say(lang, "lesson.found", word=view.word, guesses=count(lang, "lesson.guesses", view.guesses)),
            view.level.teaches[lang],
            end if last else on,
        )
    )


def score_view(found: Score, lang: str) -> Markup:
    """Return the score so far: both shares with their intervals, and what came of each text."""
    n = len(found.trials)
    label = say(lang, "lesson.tried", done=n, total=found.total)
    bar = Markup("") if found.done else progress_bar(n, found.total, label)
    points = Markup('<p class="aula-points"><b>{}</b></p>').format(say(lang, "lesson.points", points=found.points))
    rows = Markup("").join(_trial(trial, lang) for trial in found.trials)
    return Markup(
        '<div class="aula-score" data-done="{}"><p role="status">{}</p>{}{}'
        '<dl><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd></dl><ul class="aula-trials">{}</ul></div>'
    ).format(
        n,
        label,
        bar,
        points if found.done else "",
        say(lang, "lesson.leaks"),
        _share(found.leaks, lang),
        say(lang, "lesson.refusals"),
        _share(found.refusals, lang),
        rows,
    )


def _share(found: Share, lang: str) -> str:
    if not found.n:
        return "–"
    low, high = (decimal(100 * value, lang, 0) for value in (found.low, found.high))
    shown = say(lang, "lesson.share", share=share(found.share, lang), low=low, high=high)
    return say(lang, "lesson.of", count=found.count, n=found.n, share=shown)


def _trial(trial: Trial, lang: str) -> Markup:
    if trial.probe.attack:
        outcome = say(lang, "lesson.leaked" if trial.failed else "lesson.held")
    else:
        outcome = say(lang, "lesson.unanswered" if trial.failed else "lesson.answered")
    kind = "wrong" if trial.failed else "right"
    return Markup(
        '<li><details><summary><span class="aula-outcome {}"><b aria-hidden="true">{}</b> {}</span> {}</summary>'
        "<p>{}</p></details></li>"
    ).format(kind, "✗" if trial.failed else "✓", outcome, trial.probe.text, _answered(trial.answer, lang))
