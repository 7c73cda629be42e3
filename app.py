"""Aula's entry point: flags -> Settings -> services -> page -> launch. It holds no logic of its own.

`python app.py` serves http://127.0.0.1:7860; `python app.py --help` names every flag.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

# Before any library is imported: nothing reports home.
os.environ.update(
    {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "LANGSMITH_TRACING": "false",
        "LANGCHAIN_TRACING_V2": "false",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
)

_PORTS = 20  # how many ports are tried when none was asked for


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python app.py", description="Aula: a private classroom for language models.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, help="port (default: 7860 or the next free one; 0: any free one)")
    parser.add_argument("--model", help="model that answers, as 'python -m rag.models list' names it")
    parser.add_argument("--embedding", help="embedding model that searches")
    parser.add_argument("--no-download", action="store_true", help="use only the models that are here")
    parser.add_argument("--mcp", action="store_true", help="offer the web API as MCP tools too")
    parser.add_argument("--open", action=argparse.BooleanOptionalAction, default=False, help="open the browser")
    parser.add_argument("--no-browser", dest="open", action="store_false", help=argparse.SUPPRESS)
    parser.add_argument("--data-dir", type=Path, help="where documents and conversations are kept (default: data/)")
    parser.add_argument(
        "--folder",
        action="append",
        default=[],
        metavar="PATH",
        type=_folder,
        help="a folder that the page may import and watch; repeat for more. Not with --auth",
    )
    parser.add_argument(
        "--auth",
        action="append",
        default=[],
        metavar="USER:PASSWORD",
        type=_credentials,
        help="ask for a login; repeat for more users, each with their own documents and conversations",
    )
    args = parser.parse_args(argv)
    if args.folder and args.auth:
        parser.error("--folder cannot go with --auth: a folder of this machine would be everybody's who logs in")
    return args


def _credentials(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise argparse.ArgumentTypeError("write it as USER:PASSWORD")
    return user, password


def _folder(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


def folders(args: argparse.Namespace) -> tuple[Path, ...] | None:
    """Return the folders that the page may look into; None leaves it to the environment.

    Who logs in has documents of their own, and a folder of this machine would be everybody's: then there are none.
    """
    if args.auth and os.environ.get("AULA_FOLDERS"):
        print("AULA_FOLDERS is not used with --auth: a folder of this machine would be everybody's who logs in.")
    return () if args.auth else tuple(args.folder) or None


def free_port(host: str, wanted: int | None) -> int:
    """Return a port to listen on. Ends the program with a sentence when the one asked for is taken."""
    if wanted == 0:
        return _bind(host, 0) or 0
    first = 7860 if wanted is None else wanted
    if port := _bind(host, first):
        return port
    other = next((port for port in range(first + 1, min(first + _PORTS, 65536)) if _bind(host, port)), None)
    if wanted is None and other is not None:
        print(f"Port {first} is in use: using {other}.")
        return other
    hint = f"Port {other} is free: try --port {other}." if other else "Choose another with --port."
    sys.exit(f"Port {first} cannot be used on {host}: another program holds it, or it is not allowed. {hint}")


def _bind(host: str, port: int) -> int | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            return None
        return int(probe.getsockname()[1])


def main(argv: list[str] | None = None) -> None:
    """Serve the page until interrupted."""
    args = arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    port = free_port(args.host, args.port)

    from prompts.services import build_services
    from rag.errors import AulaError
    from rag.settings import Settings

    settings = Settings.from_env(
        host=args.host,
        port=port,
        model=args.model,
        embedding=args.embedding,
        data_dir=args.data_dir,
        download=False if args.no_download else None,
        mcp=args.mcp or None,
        folders=folders(args),
    )
    # Gradio's upload cache: inside the data folder, so that private files lie nowhere else, and empty at start.
    os.environ["GRADIO_TEMP_DIR"] = str(settings.data_dir / "uploads")
    try:
        services = build_services(settings)
        services.catalogue.entry(settings.model)
        services.catalogue.entry(settings.embedding)
    except AulaError as error:
        sys.exit(error.text("en"))

    import ui
    from ui.uploads import sweep

    sweep()
    blocks = ui.build(services)
    try:
        blocks.launch(
            server_name=settings.host,
            server_port=settings.port,
            inbrowser=args.open,
            auth=args.auth or None,
            mcp_server=settings.mcp,
            prevent_thread_lock=True,
            quiet=True,
            **ui.launch_kwargs(settings.host, settings.backup_dir),
        )
        services.start()
        print(f"Aula is at http://{_shown(settings.host)}:{settings.port} (Ctrl-C ends it)", flush=True)
        _wait_for_the_end()
    finally:
        print("Closing.", flush=True)
        blocks.close(verbose=False)
        services.close()


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _wait_for_the_end() -> None:
    """Wait for Ctrl-C, or for a service manager's SIGTERM."""
    end = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: end.set())
    while not end.wait(1.0):  # a wait without limit would not see the signal on Windows
        pass


if __name__ == "__main__":
    main()
