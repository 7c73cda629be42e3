"""What the panels of the Lab share: the model that they look at, what they have running, how they open."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr
from markupsafe import Markup

from prompts.services import Services
from rag.aside import Aside
from rag.errors import AulaError
from ui.components import Keywords, Running, guarded, language
from ui.texts import say, static

if TYPE_CHECKING:
    from rag.llm import LlamaChat

Json = dict[str, Any]
T = TypeVar("T")
U = TypeVar("U")
Told = Callable[[int, int], None]

LAB = "lab"  # the concurrency group of what asks the model here; a chat's turn comes between two steps of it
LAB_LIMIT = 8
QUIET: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
ASKING: Keywords = {**QUIET, "concurrency_id": LAB, "concurrency_limit": LAB_LIMIT}  # for what uses the language model


class Shared:
    """The model that is looked at, the tabs, and what one panel hands to another. Made in the current block."""

    def __init__(self, services: Services) -> None:
        """Make the states; nothing visible yet."""
        self.services = services
        self.running = Running()  # of its own: Stop in the Lab must not end an answer in the Chat
        self.opened = gr.State(False)  # becomes True when the Lab is first opened, see ui.play_state.Shared
        self.tabs: gr.Tabs | None = None
        self.page_tabs: gr.Tabs | None = None
        self.own: gr.Tab | None = None
        # A finished answer to look at: see steps_packet. Chat and Playground write it; the Steps panel listens.
        self.to_steps = gr.State(None)

    def layout(self) -> None:
        """Lay out the line above the panels: which model they look at; "" is the one in use."""
        self.model = gr.Dropdown(
            [(str(static("lab.model_used")), "")],
            value="",
            label=static("lab.model"),
            info=static("lab.model_info"),
            elem_id="aula-lab-model",
        )

    def wire(self, tab: gr.Tab) -> None:
        """Keep the list of models current; `tab` is the Lab's own among the page's."""
        self.own = tab
        tab.select(self.renew, self.model, self.model, preprocess=False, **QUIET)
        tab.select(lambda: True, None, self.opened, **QUIET)

    @property
    def returns(self) -> list[object]:
        """What happens when somebody comes back to the Lab or a panel: documents and models may have come or gone."""
        return [tab.select for tab in (self.own, self.tabs) if tab is not None]

    @guarded
    def renew(self, request: gr.Request, model: object) -> object:
        """List the installed language models; one that has gone becomes the one in use."""
        choices = self.choices(language(request))
        known = model if model in {name for _, name in choices} else ""
        return gr.Dropdown(choices=choices, value=known)

    def choices(self, lang: str) -> list[tuple[str, str]]:
        """Return (what is shown, name) of each model: the one in use, then every installed one."""
        catalogue = self.services.catalogue
        here = [entry for entry in catalogue.entries("llm") if catalogue.installed(entry.name)]
        return [(say(lang, "lab.model_used"), ""), *((entry.title, entry.name) for entry in here)]

    def chat(self, model: object = "") -> LlamaChat:
        """Return a model by its name in the catalogue, loading it if it has to be; "" is the one in use.

        Raises ModelNotReady, ModelNotFound, ModelNotInstalled, ModelLoadFailed.
        """
        return self.services.lender.chat(str(model or ""))


def run_key(request: gr.Request, panel: str) -> str:
    """Return under which name a panel of this page runs: Stop must not end what other panels have running."""
    return f"{request.session_hash}:{panel}"


def worked(
    work: Callable[[Told], T], show: Callable[[int, int], U], cancel: threading.Event | None = None
) -> Generator[U, None, T]:
    """Run work(told) aside, yield what `show` makes of each told(done, total), and return what the work returned.

    `found = yield from worked(...)` in a callback. Raises what the work raises; whoever leaves sets the cancel event.
    `cancel` is set when nobody listens any more, as when a caller of the API has gone.
    """
    with Aside(work) as aside:
        try:
            for done, total in aside.progress():
                yield show(done, total)
        except GeneratorExit:
            if cancel is not None:
                cancel.set()
            raise
    return aside.result()


def found_or_why(find: Callable[[], str], lang: str) -> Iterator[str]:
    """Yield what `find` returns or, in its place, why there is nothing: "reading…" must not stand there for ever.

    An error that was not foreseen is raised, and the place is left empty.
    """
    try:
        found = find()
    except AulaError as error:
        found = str(Markup('<p class="aula-error" role="alert">{}</p>').format(error.text(lang)))
    except Exception:
        yield ""
        raise
    yield found


def intro(panel: str) -> None:
    """Lay out what a panel is about: the text `lab.<panel>.intro`, which names the topic of the lectures."""
    gr.Markdown(static(f"lab.{panel}.intro"), elem_classes=["aula-intro"], elem_id=f"aula-lab-{panel}-intro")


def try_this(panel: str, example: str) -> gr.Button:
    """Lay out a button that loads a telling example: the text `lab.<panel>.try_<example>` says which."""
    return gr.Button(
        static(f"lab.{panel}.try_{example}"),
        size="sm",
        scale=0,
        elem_id=f"aula-lab-{panel}-try-{example}",
        elem_classes=["aula-try"],
    )


def steps_packet(title: str, model: str, messages: Sequence[Mapping[str, str]], answer: str, begin: str = "") -> Json:
    """Return what opens a finished answer in the Steps panel.

    `messages` ({role, content}) are the whole prompt that the model was asked, `begin` what was put into its mouth,
    `answer` what it then wrote; `model` is a name in the catalogue. The nonce makes the same content count as a change.
    """
    return {
        "nonce": secrets.token_hex(4),
        "title": title,
        "model": model,
        "messages": [{"role": str(one["role"]), "content": str(one["content"])} for one in messages],
        "begin": begin,
        "answer": answer,
    }
