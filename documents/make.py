"""Makes the sample PDFs of this folder from src/*.html: python documents/make.py, with a Chromium on the PATH.

Needed only after a change in src/: the PDFs are kept beside it. Page breaks are part of the sources, since tests
and screenshots name pages.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from pypdf import PdfReader, PdfWriter

HERE = Path(__file__).resolve().parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def print_page(browser: str, source: Path, target: Path) -> None:
    """Print an HTML file to a PDF, as the browser lays it out."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run([browser, *flags, f"--print-to-pdf={target}", source.as_uri()], check=True, capture_output=True)


def without_traces(printed: Path, target: Path) -> None:
    """Copy a PDF, keeping of its metadata only the title: no date, no browser, nothing of this machine."""
    reader = PdfReader(printed)
    title = str(reader.metadata.title) if reader.metadata else ""
    writer = PdfWriter(clone_from=reader)
    writer.metadata = None
    writer.add_metadata({"/Title": title, "/Author": "Aula"})
    writer.compress_identical_objects(remove_unreferenced=True)
    writer.write(target)


def main() -> None:
    """Make every PDF anew."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit("Chromium is not on the PATH: install the package chromium and try again.")
    with tempfile.TemporaryDirectory() as folder:
        for source in sorted((HERE / "src").glob("*.html")):
            printed, target = Path(folder) / "printed.pdf", HERE / f"{source.stem}.pdf"
            print_page(browser, source, printed)
            without_traces(printed, target)
            print(f"{target.name}: {len(PdfReader(target).pages)} pages")


if __name__ == "__main__":
    main()
