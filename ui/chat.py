"""The Chat tab and the sidebar of conversations: reads components, asks the dialogue, shows what comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import gradio as gr

from rag.answer import AskOptions
from rag.dialogue import Dialogue, Turn
from rag.errors import AulaError, ConversationNotFound
from rag.history import Message
from rag.services import Services
from ui.answers import ChatLine, answer_line, last_window, lines, question_line, window_bar
from ui.chat_strategy import ChatStrategy, choices_of
from ui.components import (
    HIDDEN,
    MODEL,
    MODEL_LIMIT,
    Keywords,
    Running,
    action_list,
    block,
    buttons,
    clicked,
    guarded,
    idle,
    language,
    owner_of,
)
from ui.conversations import conversation_list
from ui.decoding import Choices, Panel, document_choices
from ui.lab.opening import LookAtTokens
from ui.texts import static

_LATEX: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]
Updates = tuple[object, ...]


class ChatTab:
    """Its components and callbacks. The sidebar is laid out apart, since it stands beside the tabs."""

    def __init__(self, services: Services, running: Running) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._services = services
        self._running = running
        self._dialogue = Dialogue(services.history, services.answerer, services.collections)
        self.strategy = ChatStrategy(services.history)
        self.look = LookAtTokens(services.history)

    # -- layout ------------------------------------------------------------------------------------------------

    def sidebar(self) -> None:
        """Lay out the conversations."""
        with gr.Sidebar(label=static("sidebar.title"), open=True, width=270, elem_id="aula-sidebar"):
            self.new = gr.Button(static("sidebar.new"), elem_id="aula-new", size="md")
            self.list = action_list("aula-conversations")

    def layout(self) -> None:
        """Lay out the tab."""
        # The id of the open conversation, kept by this browser so that a reload finds it again.
        self.conversation = gr.BrowserState("", storage_key="aula_conversation", secret="aula")  # noqa: S106 - no secret
        self.notice = action_list("aula-notice")
        self.chatbot = gr.Chatbot(
            label=static("chat.conversation"),
            show_label=False,
            container=False,
            placeholder=str(static("chat.placeholder")),
            elem_id="aula-chat",
            height="auto",
            layout="panel",
            buttons=["copy"],
            editable="user",
            sanitize_html=True,
            allow_tags=False,
            feedback_options=None,
            latex_delimiters=_LATEX,
            group_consecutive_messages=False,
        )
        self.strategy.layout_line()
        with gr.Row(elem_id="aula-ask", equal_height=True):
            self.question = gr.Textbox(
                label=static("chat.question"),
                placeholder=static("chat.question_hint"),
                show_label=False,
                container=False,
                lines=1,
                max_lines=8,
                max_length=20_000,
                scale=1,
                autofocus=True,
                elem_id="aula-question",
            )
            self.send = gr.Button(static("chat.send"), variant="primary", scale=0, min_width=96, elem_id="aula-send")
            self.stop = gr.Button(static("chat.stop"), scale=0, min_width=96, visible=HIDDEN, elem_id="aula-stop")
        self.window = block("", "aula-window")
        with gr.Row(elem_id="aula-last-answer"):
            self.strategy.layout_button()
            self.look.layout()
        self.panel = Panel()

    # -- wiring ------------------------------------------------------------------------------------------------

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        self.panel.wire()
        stage: list[gr.components.Component] = [
            self.chatbot,
            self.question,
            self.conversation,
            self.window,
            self.send,
            self.stop,
            self.list,
        ]
        opened = [*stage[:4], self.list, self.panel.scope, self.panel.chosen]
        asking: Keywords = {
            "concurrency_id": MODEL,
            "concurrency_limit": MODEL_LIMIT,
            "show_progress": "hidden",
            "api_visibility": "private",
            "trigger_mode": "once",
        }
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        settings = [self.strategy.kept, *self.panel.inputs]
        given = [self.question, self.conversation, *settings]
        for asked in (
            gr.on([self.send.click, self.question.submit], self.ask, given, stage, **asking),
            self.chatbot.retry(self.retry, given, stage, **asking),
            self.chatbot.edit(self.edit, given, stage, **asking),
        ):
            # Only then: a click on Send while the answer is still being ended would be lost.
            asked.then(idle, None, [self.send, self.stop], **quiet)
        self.stop.click(self.halt, None, None, queue=False, **quiet)
        self.new.click(self.begin, None, opened, **quiet)
        self.list.click(self.manage, [self.conversation], opened, **quiet)
        blocks.load(self.resume, [self.conversation], opened, **quiet)
        blocks.unload(self.left)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def ask(self, request: gr.Request, question: str, conversation: str, *settings: object) -> Iterator[Updates]:
        """Answer the question in the box."""
        lang = language(request)
        if not question.strip():
            return
        choices = choices_of(settings, lang)
        with self._running.event(request.session_hash) as cancel:
            turns = self._dialogue.ask(
                owner_of(request),
                conversation,
                question,
                choices.documents,
                AskOptions.from_json(choices.options),
                cancel,
            )
            yield from self._follow(turns, request, conversation, question, choices)

    @guarded
    def retry(
        self, request: gr.Request, event: gr.RetryData, box: str, conversation: str, *settings: object
    ) -> Iterator[Updates]:
        """Answer the last question again."""
        del event
        yield from self._again(request, None, box, conversation, settings)

    @guarded
    def edit(
        self, request: gr.Request, event: gr.EditData, box: str, conversation: str, *settings: object
    ) -> Iterator[Updates]:
        """Answer the last question in its new wording."""
        yield from self._again(request, str(event.value), box, conversation, settings)

    def _again(
        self, request: gr.Request, question: str | None, box: str, conversation: str, settings: Sequence[object]
    ) -> Iterator[Updates]:
        choices = choices_of(settings, language(request))
        with self._running.event(request.session_hash) as cancel:
            turns = self._dialogue.again(
                owner_of(request),
                conversation,
                question,
                choices.documents,
                AskOptions.from_json(choices.options),
                cancel,
            )
            yield from self._follow(turns, request, conversation, box, choices, keep_box=True)

    def _follow(
        self,
        turns: Iterator[Turn],
        request: gr.Request,
        conversation: str,
        box: str,
        choices: Choices,
        keep_box: bool = False,
    ) -> Iterator[Updates]:
        """Show turns as they come; whatever happens, the buttons come back and a refused question stays in the box."""
        lang, owner = language(request), owner_of(request)
        plain = choices.documents == []
        earlier: list[ChatLine] | None = None
        try:
            for turn in turns:
                first = earlier is None
                if earlier is None:
                    earlier = [*lines(turn.earlier, lang, last=False), question_line(turn.question)]
                begun = turn.conversation != conversation  # at once, so that a reload finds it
                conversation = turn.conversation
                answer = turn.answer.to_json()
                same = turn.answer.stage in ("retrieving", "writing")
                window = gr.skip() if same else window_bar(_window(answer), lang)
                yield (
                    [*earlier, answer_line(answer, lang, plain)],
                    "" if first and not keep_box else gr.skip(),  # once: the next question may be typed meanwhile
                    conversation if begun else gr.skip(),
                    window,
                    *buttons(busy=True),
                    gr.skip(),
                )
        except AulaError:
            yield self._after(owner, conversation, box, lang)
            raise
        yield self._after(owner, conversation, box if keep_box else gr.skip(), lang)

    def _after(self, owner: str, conversation: str, box: object, lang: str) -> Updates:
        """Return the page as it is kept, with the buttons as before."""
        messages = self._services.history.messages(owner, conversation) if conversation else []
        return (
            lines(messages, lang),
            box,
            conversation,
            window_bar(last_window(messages), lang),
            gr.skip(),
            gr.skip(),
            conversation_list(self._services.history.conversations(owner), conversation, lang),
        )

    def halt(self, request: gr.Request) -> None:
        """Stop the answer that this page is waiting for."""
        self._running.stop(request.session_hash)

    def left(self, request: gr.Request) -> None:
        """End what a closed page was waiting for."""
        self._running.stop(request.session_hash)

    @guarded
    def begin(self, request: gr.Request) -> Updates:
        """Show an empty conversation; it is kept with its first question."""
        self._running.stop(request.session_hash)
        return self._open(owner_of(request), "", language(request))

    @guarded
    def resume(self, request: gr.Request, conversation: str) -> Updates:
        """Show the conversation that this browser had open, if it is still there."""
        try:
            return self._open(owner_of(request), conversation or "", language(request))
        except ConversationNotFound:
            return self._open(owner_of(request), "", language(request))

    @guarded
    def manage(self, request: gr.Request, event: gr.EventData, conversation: str) -> Updates:
        """Open, rename or delete a conversation of the list."""
        owner, lang = owner_of(request), language(request)
        do, key, value = clicked(event)
        if do == "open":
            return self._open(owner, key, lang)
        if do == "rename":
            self._services.history.rename(owner, key, value)
        elif do == "delete":
            self._services.history.delete(owner, key)
            if key == conversation:
                self._running.stop(request.session_hash)
                return self._open(owner, "", lang)
        listed = conversation_list(self._services.history.conversations(owner), conversation, lang)
        return (*(gr.skip() for _ in range(4)), listed, gr.skip(), gr.skip())

    def _open(self, owner: str, conversation: str, lang: str) -> Updates:
        conversations = self._services.history.conversations(owner)
        messages: list[Message] = self._services.history.messages(owner, conversation) if conversation else []
        asked = next((kept.documents for kept in conversations if kept.id == conversation), None)
        scope = "all" if asked is None else "some" if asked else "none"
        collections, documents = self._services.collections.list(owner), self._services.library.documents(owner)
        return (
            lines(messages, lang),
            gr.skip(),  # a half-written question stays
            conversation,
            window_bar(last_window(messages), lang),
            conversation_list(conversations, conversation, lang),
            scope if conversation else gr.skip(),
            document_choices(collections, documents, lang, asked or []),
        )


def _window(answer: dict[str, object]) -> dict[str, object] | None:
    window = answer.get("window")
    return window if isinstance(window, dict) else None
