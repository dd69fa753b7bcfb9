#!/usr/bin/env python3
"""Opens HTML pages in headless Chromium, on a phone and on a desk, in the
light and in the dark, and fails where one is not fit to be read.

    check.py PAGE.html... [--screenshots FOLDER] [--chromium /usr/bin/chromium]

Each page must make no network request and leave the console empty, be no
wider than the window, have the parts that its kind has, name every plot,
table and scroll box, and keep the contrast of WCAG AA (4.5 to 1; 3 to 1 for
large text) for every word. Needs the standard library and Chromium; speaks
the DevTools protocol over a pipe.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe""".split()

# what a page of each kind must have, and how many at least
PARTS = {
    "evaluation": {"svg.chart": 2, "svg.chart circle": 1, "svg.chart polyline": 2, "table.heat td.right": 2,
                   "svg.bar": 6, "table caption": 3, "h2": 5, "ol.plain li": 2},
    "prediction": {".statement": 1, "mark.for": 1, "mark[title]": 1, "details": 1, "svg.bar": 2, "table caption": 1},
    "trend": {"svg.chart": 2, "svg.chart polyline": 6, "svg.chart polygon": 6, "table caption": 4, "details": 2},
}

CHECKS = (Path(__file__).parent / "checks.js").read_text()


class Browser:
    """Chromium, spoken to over file descriptors 3 and 4."""

    def __init__(self, chromium):
        self.profile = tempfile.TemporaryDirectory()
        to_child, self.out = os.pipe()
        self.into, from_child = os.pipe()

        def connect():
            # high numbers first, so that neither overwrites the other
            reading, writing = os.dup2(to_child, 103), os.dup2(from_child, 104)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        command = [chromium, *FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(
            command, preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_child)
        os.close(from_child)
        self.buffer = b""
        self.number = 0
        self.events = []
        self.session = None

    def receive(self):
        while b"\0" not in self.buffer:
            more = os.read(self.into, 1 << 16)
            if not more:
                raise RuntimeError("Chromium ended")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, event):
        while not any(e.get("method") == event for e in self.events):
            self.events.append(self.receive())

    def open_tab(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self.session = None
        self.call("Browser.close")
        self.process.wait(timeout=30)
        self.profile.cleanup()


def faults_of(browser, page, width, scheme, screenshots):
    """What is wrong with a page at a width (CSS pixels) in a colour scheme."""
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1,
                 mobile=width < 600)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events.clear()
    url = page.resolve().as_uri()
    browser.call("Page.navigate", url=url)
    browser.wait_for("Page.loadEventFired")
    result = browser.call("Runtime.evaluate", expression=f"({CHECKS})({json.dumps(PARTS)}, {width})", returnByValue=True)
    if "exceptionDetails" in result:
        raise RuntimeError(result["exceptionDetails"])
    faults = result["result"]["value"]
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and params["request"]["url"] != url:
            if not params["request"]["url"].startswith("data:"):
                faults.append(f"requests {params['request']['url']}")
        elif method == "Log.entryAdded":
            faults.append(f"logs {params['entry']['text']}")
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            faults.append(f"console: {params}")
    if screenshots:
        image = browser.call("Page.captureScreenshot", captureBeyondViewport=True,
                             clip={"x": 0, "y": 0, "width": width, "height": page_height(browser), "scale": 1})
        name = f"{page.stem}-{width}-{scheme}.png"
        (screenshots / name).write_bytes(base64.b64decode(image["data"]))
    return faults


def page_height(browser):
    return browser.call("Page.getLayoutMetrics")["cssContentSize"]["height"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--screenshots", type=Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    browser = Browser(arguments.chromium)
    browser.open_tab()
    failed = False
    for page in arguments.pages:
        for width in (360, 1280):
            for scheme in ("light", "dark"):
                faults = faults_of(browser, page, width, scheme, arguments.screenshots)
                failed = failed or bool(faults)
                print(f"{'FAILED' if faults else 'ok'}: {page.name}, {width} px, {scheme}")
                for fault in faults:
                    print(f"  {fault}")
    browser.close()
    sys.exit(1 if failed else 0)


main()
