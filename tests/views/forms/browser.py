"""A headless Chromium, driven through ChromeDriver's WebDriver protocol (W3C) by requests."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER, TAB, ESCAPE, HOME, RIGHT = "\ue007", "\ue004", "\ue00c", "\ue011", "\ue014"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip


@dataclass(frozen=True)
class Browser:
    """One session; elements are named by CSS selectors."""

    session: str

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.session}/{path}"
        answer = (
            requests.get(url, timeout=60)
            if body is None
            else requests.post(url, json=body, timeout=60)
        )
        value = answer.json()["value"]
        assert answer.ok, value
        return value

    def open(self, path: Path) -> None:
        self.call("url", {"url": path.as_uri()})

    def run(self, script: str, *arguments: Any) -> Any:
        return self.call("execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str) -> Any:
        """What the script hands to ``done``."""
        body = {"script": f"const done = arguments[0]; {script}", "args": []}
        return self.call("execute/async", body)

    def click(self, selector: str) -> None:
        self.call(f"element/{self._find(selector)}/click", {})

    def type(self, keys: str, selector: str = ":focus") -> None:
        self.call(f"element/{self._find(selector)}/value", {"text": keys})

    def command(self, name: str, **parameters: Any) -> Any:
        """A command of the DevTools protocol."""
        return self.call("goog/cdp/execute", {"cmd": name, "params": parameters})

    def prefer(self, scheme: str) -> None:
        """Light or dark, as the system would have it."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", features=features)

    def resize(self, width: int, height: int = 900) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def screenshot(self, path: Path) -> None:
        """The whole page, not only what is in the window."""
        found = self.command("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def print(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("print", {"background": True})))

    def console(self) -> list[str]:
        """What the page and the browser complained of."""
        return [entry["message"] for entry in self.call("se/log", {"type": "browser"})]

    def requests(self) -> list[str]:
        """Every address that was asked for."""
        messages = [
            json.loads(entry["message"])["message"]
            for entry in self.call("se/log", {"type": "performance"})
        ]
        return [
            one["params"]["request"]["url"]
            for one in messages
            if one["method"] == "Network.requestWillBeSent"
        ]

    def _find(self, selector: str) -> str:
        found = self.call("element", {"using": "css selector", "value": selector})
        return str(found[ELEMENT])


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A session; skips the test where there is no Chromium or no ChromeDriver."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no chromium and chromedriver on the PATH")
    log = profile / "chromedriver.log"
    with log.open("wb") as stream, subprocess.Popen([driver, "--port=0"], stdout=stream) as process:
        try:
            root = f"http://127.0.0.1:{_port(log)}/session"
            options = {
                "binary": binary,
                "args": [*ARGUMENTS, f"--user-data-dir={profile / 'profile'}"],
            }
            wanted = {
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }
            body = {"capabilities": {"alwaysMatch": wanted}}
            made = requests.post(root, json=body, timeout=120).json()["value"]
            session = f"{root}/{made['sessionId']}"
            yield Browser(session)
            requests.delete(session, timeout=60)
        finally:
            process.terminate()


def _port(log: Path) -> int:
    """The port that ChromeDriver says it took."""
    for _ in range(300):
        _, _, rest = log.read_text().partition("successfully on port ")
        if "." in rest:
            return int(rest.split(".")[0])
        time.sleep(0.1)
    raise AssertionError("chromedriver did not start")
