"""A person at a browser, who counts clicks and waits for what the page shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

WITHIN_S = 120


class Person:
    """What a person does on the page, and how many clicks it took."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser, self.url, self.clicks = browser, url, 0

    def enter(self, token: str) -> None:
        """Open the page and paste the token."""
        self.browser.get(f"{self.url}/send")
        self.find("#token").send_keys(token)
        self.click("main form button")
        self.find("#sheet")

    def click(self, css: str) -> None:
        """Click once."""
        self.clicks += 1
        self.until(lambda: self._clicked(css), f"{css} to click on")

    def _clicked(self, css: str) -> bool:
        """Whether it was there, and was clicked: an element that was just replaced is looked for again."""
        self.browser.find_element(By.CSS_SELECTOR, css).click()
        return True

    def choose(self, sheet: Path) -> None:
        """Choose a file: a click on the drop area, and one in the window of the system."""
        self.clicks += 2
        self.find("#sheet").send_keys(str(sheet))

    def find(self, css: str) -> WebElement:
        """The element, as soon as it is there."""
        return self.until(lambda: next(iter(self.browser.find_elements(By.CSS_SELECTOR, css)), None), css)

    def text(self, css: str = "body") -> str:
        """The text of an element; empty while it is not there."""
        found = self.browser.find_elements(By.CSS_SELECTOR, css)
        return found[0].text if found else ""

    def sees(self, words: str, css: str = "body") -> None:
        """Wait until an element has these words."""
        self.until(lambda: words in self.text(css), f"{words!r} in {css}")

    def rows(self) -> list[str]:
        """The rows of the receipts."""
        return [row.text for row in self.browser.find_elements(By.CSS_SELECTOR, "[data-events] tbody tr")]

    def until(self, holds: Any, what: str) -> Any:
        """What holds, as soon as it does."""
        waiting = WebDriverWait(self.browser, WITHIN_S, 0.1, ignored_exceptions=[StaleElementReferenceException, NoSuchElementException])
        return waiting.until(lambda _: holds(), f"not seen: {what}")
