"""A terminal beside `make demo`, in which the calls of README and docs are run as they are pasted."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kit.demo import Demo

# No proxy stands between a test and the loopback.
ENVIRONMENT = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
BETWEEN_BLOCKS = "---- between blocks"
API = "https://localhost:8443"


@dataclass
class Terminal:
    """A second terminal, in the folder in which the demo was started."""

    demo: Demo
    folder: Path
    printed: str

    def paste(self, *blocks: str) -> list[str]:
        """What each block prints; one shell runs them all. Only the port is not that of the text."""
        script = f'\necho "{BETWEEN_BLOCKS}"\n'.join(blocks).replace(API, self.demo.api)
        run = subprocess.run(
            ["bash", "-euo", "pipefail"],
            input=script,
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout.split(BETWEEN_BLOCKS)
