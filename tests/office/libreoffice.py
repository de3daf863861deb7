"""LibreOffice without a window: finds it, or installs its Debian package, and saves files as another kind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = "libreoffice-calc"
SAVED_AS = {
    "xlsx": "xlsx:Calc MS Excel 2007 XML",
    "ods": "ods:calc8",
    "xls": "xls:MS Excel 97",
    "csv": "csv:Text - txt - csv (StarCalc):44,34,76,1",  # comma, double quotes, UTF-8, from row 1; cells as they are shown
    "pdf": "pdf:calc_pdf_Export",
}
"""Ending -> the kind, with its filter."""
WITHIN_S = 180
_INSTALL_WITHIN_S = 1_800


def ready() -> str:
    """The version of LibreOffice. As root it installs the package when it is missing, and says so; else the program ends."""
    if shutil.which("soffice") is None:
        _install()
    done = subprocess.run(["soffice", "--headless", "--version"], capture_output=True, text=True, check=True, timeout=WITHIN_S)
    return " ".join(done.stdout.split()[:2])


def save(file: Path, kind: str, folder: Path) -> Path:
    """Open a file in LibreOffice and save it as another kind, in a folder of its own. Returns the new file."""
    folder.mkdir(parents=True, exist_ok=True)
    profile = folder / "profile"
    command = ["soffice", "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}", "--convert-to", SAVED_AS[kind]]
    done = subprocess.run([*command, "--outdir", folder, file], capture_output=True, text=True, check=False, timeout=WITHIN_S)
    found = folder / f"{file.stem}.{kind}"
    if not found.exists():
        sys.exit(f"LibreOffice did not save {file.name} as {kind}:\n{done.stdout}{done.stderr}")
    return found


def _install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"LibreOffice is missing: install the Debian package {PACKAGE} (or LibreOffice with Calc) and run this again")
    print(f"installing the Debian package {PACKAGE} without its recommended packages: about 200 MB to download", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "--quiet=2"], ["install", "--yes", "--no-install-recommends", "--quiet=2", PACKAGE]):
        subprocess.run(["apt-get", *arguments], check=True, timeout=_INSTALL_WITHIN_S, env=environment, stdout=subprocess.DEVNULL)
