"""Every exchange of a run, on disk, so that the last test can put all of them to the validators.

SOAP: what stood in the Body, one file each. A request is kept only when the gateway answered it: then the
XSD must agree that it was right.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from lxml import etree

from kit.contract import CONTRACT
from kit.demo import SCHEMAS

# Arguments to one xmllint; the command line has a limit.
BATCH = 500


class Recorder:
    def __init__(self, folder: Path):
        self.folder = folder
        self.counts = {"response": 0, "detail": 0, "request": 0}
        for kind in self.counts:
            (folder / kind).mkdir(parents=True)

    def save(self, kind: str, element) -> None:
        self.counts[kind] += 1
        name = f"{self.counts[kind]:05}-{etree.QName(element).localname}.xml"
        (self.folder / kind / name).write_bytes(etree.tostring(element))

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*/*.xml"))

    def refused_by_lxml(self) -> list[str]:
        refused = []
        for path in self.files():
            if not CONTRACT.schema.validate(etree.parse(str(path))):
                refused.append(f"{path.name}: {CONTRACT.schema.error_log.last_error}")
        return refused

    def refused_by_xmllint(self) -> list[str]:
        files, refused = self.files(), []
        for start in range(0, len(files), BATCH):
            batch = [str(path) for path in files[start : start + BATCH]]
            run = subprocess.run(
                ["xmllint", "--nonet", "--noout", "--schema", str(SCHEMAS / "whitelabel-v1.xsd"), *batch],
                capture_output=True,
                text=True,
            )
            validated = len(re.findall(r" validates$", run.stderr, re.MULTILINE))
            if run.returncode != 0 or validated != len(batch):
                refused.append(run.stderr[-2000:])
        return refused
