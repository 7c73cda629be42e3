"""`python -m prompts`: see prompts.cli.commands."""

import os
import sys

# Before any library is imported: nothing reports home, and none asks a hub whether a local file is current.
os.environ.update({"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1", "LANGSMITH_TRACING": "false"})
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

if __name__ == "__main__":
    from prompts.cli.commands import main

    sys.exit(main())
