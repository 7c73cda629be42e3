"""What joins the chat and the playground: a strategy that the chat asks with, and a turn that becomes a test case."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import gradio as gr
from markupsafe import Markup

from prompts import template
from prompts.prompt import CONTEXT, Prompt
from rag.errors import BadOption, EmptyQuestion, PromptError
from rag.history import History
from rag.prompt import literal
from rag.settings import Decoding
from ui.components import Keywords, action_list, button, guarded, language, owner_of
from ui.decoding import Choices, Panel
from ui.diff_view import listed, words_for
from ui.play_state import Shared, columns_packet, row_packet
from ui.texts import say, static

Json = dict[str, object]
_SLOT = "{{question}}"
_QUESTIONS = ("question", "pregunta", "text", "texto")  # what a chat's question takes the place of, where there is one
_KEPT = ("prompt", "values", "label", "decoding", "unused")  # of play_state.chat_packet
_PARTS = {"system": "play.system", "user": "play.user", "begin": "play.begin"}


class ChatStrategy:
    """The line above the question box, and the button below the chat. The strategy is kept by this browser."""

    def __init__(self, history: History) -> None:
        """Use the kept conversations; nothing is laid out yet."""
        self._history = history

    def layout_line(self) -> None:
        """Lay out the line that names the strategy."""
        self.kept = gr.BrowserState(None, storage_key="aula_strategy", secret="aula")  # noqa: S106 - no secret
        self.line = action_list("aula-strategy-line")

    def layout_button(self) -> None:
        """Lay out the button that makes a test case of the last turn."""
        self.add = gr.Button(static("play.from_chat"), size="sm", scale=0, elem_id="aula-to-playground")

    def wire(self, blocks: gr.Blocks, shared: Shared, conversation: gr.BrowserState, tabs: gr.Tabs) -> None:
        """Connect the callbacks; `tabs` are the page's."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        shown = [self.kept, self.line]
        blocks.load(self.show, self.kept, self.line, **quiet)
        self.line.click(self.remove, None, shown, **quiet)
        shared.to_chat.change(self.take, shared.to_chat, [*shown, tabs], **quiet)
        self.add.click(self.to_playground, conversation, [shared.incoming, shared.new_row, tabs], **quiet)

    @guarded
    def show(self, request: gr.Request, kept: object) -> str:
        """Show the strategy that this browser keeps."""
        return line(kept, language(request))

    @guarded
    def remove(self, request: gr.Request) -> tuple[object, str]:
        """Ask without a strategy from now on."""
        del request
        return None, ""

    @guarded
    def take(self, request: gr.Request, packet: object) -> tuple[object, ...]:
        """Ask with what the playground sent, and go to the chat."""
        if not isinstance(packet, Mapping):
            return gr.skip(), gr.skip(), gr.skip()
        kept = {name: packet.get(name) for name in _KEPT}
        return kept, line(kept, language(request)), gr.Tabs(selected="chat")

    @guarded
    def to_playground(self, request: gr.Request, conversation: str) -> tuple[object, ...]:
        """Put the last question and its answer into the playground. Raises EmptyQuestion where there is none."""
        lang = language(request)
        messages = self._history.messages(owner_of(request), conversation) if conversation else []
        asked = next((n for n in reversed(range(len(messages))) if messages[n].role == "user"), None)
        if asked is None:
            raise EmptyQuestion
        question = messages[asked].content
        answer = next((one.content for one in messages[asked + 1 :] if one.role == "assistant"), "")
        gr.Info(say(lang, "play.from_chat_done"), title=say(lang, "notice.title"))
        return (
            columns_packet((), {"question": question}),
            # What the model said is no truth to judge by: that is for the person to write.
            row_packet({"question": question, "answer": answer, "expected": ""}),
            gr.Tabs(selected="playground"),
        )


def prompt_of(kept: object) -> Prompt | None:
    """Return the prompt that a browser keeps; none where it keeps none, or one that cannot be read any more."""
    if not isinstance(kept, Mapping) or not kept.get("prompt"):
        return None
    try:
        return Prompt.from_json(kept["prompt"])
    except PromptError:
        return None


def choices_of(settings: Sequence[object], lang: str) -> Choices:
    """Return what is set below the question, and the strategy that is asked with; it is the first of `settings`."""
    kept, *panel = settings
    choices = Panel.read(panel, lang)
    return Choices(choices.documents, options(kept, choices.options))


def options(kept: object, given: Mapping[str, object]) -> Json:
    """Return `given`, the options of a question, with the strategy's own; its system text follows the person's.

    Where the strategy has a decoding, it takes the place of the person's.
    """
    kept_prompt = prompt_of(kept)
    if kept_prompt is None:
        return dict(given)
    prompt = asking(kept_prompt, _values(kept))
    system = [str(given.get("system") or "").strip(), prompt.system.strip()]
    return {
        **given,
        **_decoding(kept),
        "system": "\n\n".join(text for text in system if text),
        "shots": [{"user": shot.user, "assistant": shot.assistant} for shot in prompt.shots],
        "template": prompt.user,
        "begin": prompt.begin,
    }


def asking(prompt: Prompt, values: Mapping[str, str]) -> Prompt:
    """Return the prompt with the values filled in; its request is a template for rag.prompt.worded.

    The question's place is the variable of that name, else the text's, else the first one of the request; where it
    has none, the question follows. What has no value stays empty, and so do passages: with documents, Aula puts its
    own in. A value is data: what it holds between braces is no place for anything.
    """
    names = [name for name in template.variables(prompt.user) if name != CONTEXT]
    asked = next((name for name in (*_QUESTIONS, *names) if name in names), "")
    known = {name: values.get(name, "") for name in prompt.variables} | {CONTEXT: "", asked: ""}
    place = secrets.token_hex(16)  # stands for the question's place while what the values hold is made literal
    user = template.fill(prompt.user, known | {asked: place}).strip()
    user = user if asked else f"{user}\n\n{place}".strip()
    return replace(prompt.filled(known), user=literal(user).replace(place, _SLOT))


def _values(kept: object) -> dict[str, str]:
    values = kept.get("values") if isinstance(kept, Mapping) else None
    return {str(name): str(text) for name, text in values.items()} if isinstance(values, Mapping) else {}


def _decoding(kept: object) -> Json:
    """Return the strategy's own decoding, as far as a browser keeps one that can be used."""
    given = kept.get("decoding") if isinstance(kept, Mapping) else None
    if not isinstance(given, Mapping):
        return {}
    try:
        return asdict(Decoding.from_options(given))
    except BadOption:
        return {}


def line(kept: object, lang: str) -> str:
    """Return the line that names the strategy, with its prompt in a fold and a button that removes it."""
    prompt = prompt_of(kept)
    if prompt is None or not isinstance(kept, Mapping):
        return ""
    label = str(kept.get("label") or "")
    shown = asking(prompt, _values(kept))
    remove = button(
        say(lang, "play.chat_remove"), "remove", label=say(lang, "play.chat_remove_name"), kind="small quiet"
    )
    return str(
        Markup(
            '<div class="aula-chat-strategy"><details><summary>{} <span class="aula-caption">{}</span></summary>'
            '<p class="aula-caption">{}</p>{}</details>{}</div>'
        ).format(
            say(lang, "play.chat_strategy", label=label),
            _limits(kept, lang),
            say(lang, "play.chat_note"),
            _parts(shown, lang),
            remove,
        )
    )


def _limits(kept: Mapping[str, object], lang: str) -> str:
    """Return what of the strategy counts only at times, and what never does in a chat."""
    unused = kept.get("unused")
    named = words_for([str(one) for one in unused], lang) if isinstance(unused, list) else []
    said = [say(lang, "play.chat_unused", what=listed(named, lang))] if named else []
    return " ".join([*said, say(lang, "play.chat_limits")])


def _parts(prompt: Prompt, lang: str) -> Markup:
    rows: Sequence[tuple[str, str]] = [
        (say(lang, _PARTS["system"]), prompt.system),
        *((say(lang, "play.shots"), f"{shot.user}\n→ {shot.assistant}") for shot in prompt.shots),
        (say(lang, _PARTS["user"]), prompt.user),
        (say(lang, _PARTS["begin"]), prompt.begin),
    ]
    return Markup("").join(
        Markup('<h5>{}</h5><pre tabindex="0">{}</pre>').format(name, text) for name, text in rows if text.strip()
    )
