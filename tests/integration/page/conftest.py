"""``chromium``: a real browser without a window; ``gate``: a gateway with intake, whose page it opens."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.debian import installed, on_path
from tests.integration.gateway.conftest import gate

__all__ = ["gate"]
PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
"""Program -> its Debian package."""


@pytest.fixture(scope="session")
def programs() -> dict[str, str]:
    """Where the browser and its driver are; root of a Debian gets them installed."""
    installed("Chromium and its driver", on_path(*PROGRAMS), *PROGRAMS.values())
    found = {program: shutil.which(program) for program in PROGRAMS}
    return {program: str(path) for program, path in found.items()}


@pytest.fixture
def open_chromium(programs: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Chrome]]:
    """Opens a browser: its width in pixels, its language, dark or light, with or without scripts."""
    opened: list[Chrome] = []

    def start(width: int = 1280, language: str = "en", *, dark: bool = False, scripts: bool = True) -> Chrome:
        options = ChromeOptions()
        options.binary_location = programs["chromium"]
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--lang={language}"):
            options.add_argument(argument)
        options.add_argument(f"--window-size={max(width, 500)},1400")
        options.add_argument(f"--user-data-dir={tmp_path / f'profile-{len(opened)}'}")
        preferences = {"download.default_directory": str(tmp_path / "downloads"), "intl.accept_languages": language}
        if not scripts:
            preferences["profile.managed_default_content_settings.javascript"] = 2
        options.add_experimental_option("prefs", preferences)
        browser = Chrome(options=options, service=Service(programs["chromedriver"]))
        opened.append(browser)
        browser.set_page_load_timeout(120)
        if width < 500:  # a window is never narrower
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": True}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        if dark:
            features = [{"name": "prefers-color-scheme", "value": "dark"}]
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        return browser

    yield start
    for browser in opened:
        browser.quit()
