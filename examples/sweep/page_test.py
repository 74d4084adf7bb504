"""Looks at the HTML report of a sweep in a browser: `python3 page_test.py sweep.html [screenshot.png]`.

What must be seen is seen, every link leads to its place, nothing is asked of any network, and the screenshot is not blank.
"""

import html
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --allow-file-access-from-files --window-size=1200,800""".split()

# What the browser makes of the page, put where it can be read.
LOOK = """<script>
const shown = element => element.getClientRects().length > 0;
const texts = query => [...document.querySelectorAll(query)].filter(shown).map(element => element.innerText);
const follow = link => {
  link.click();
  const target = document.querySelector(':target');
  const box = target && target.getBoundingClientRect();
  return {href: link.getAttribute('href'), target: target && target.id,
          shown: !!box && box.bottom > 0 && box.top < innerHeight};
};
const seen = {title: texts('h1'), rows: texts('tr[id]').length, legend: texts('.legend'), sections: texts('section h3'),
              marks: [...document.querySelectorAll('tr[id] a, tr[id] span')].filter(shown)
                .map(mark => [mark.tagName, getComputedStyle(mark).backgroundColor]),
              links: [...document.querySelectorAll('a')].map(follow)};
document.querySelectorAll('summary').forEach(summary => summary.click());
seen.details = document.querySelectorAll('details').length;
seen.opened = texts('details pre').filter(text => text.trim()).length;
seen.wide = document.documentElement.scrollWidth > innerWidth;
seen.asked = performance.getEntriesByType('resource').map(entry => entry.name);
document.body.append(Object.assign(document.createElement('pre'), {id: 'seen', innerText: JSON.stringify(seen)}));
</script>"""


def chromium(*arguments):
    """Runs the browser as somebody who has never used it."""
    with tempfile.TemporaryDirectory() as profile:
        command = ["chromium", *FLAGS, f"--user-data-dir={profile}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def look(page):
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "page.html")
        with open(copy, "w", encoding="utf-8") as file:
            file.write(page.replace("</body>", LOOK + "</body>"))
        dom = chromium("--dump-dom", f"file://{copy}")
    return json.loads(html.unescape(re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)[1]))


def colours(png):
    """How many bytes of the picture say something: lines that repeat the one above say nothing."""
    with open(png, "rb") as file:
        data = file.read()
    assert data.startswith(b"\x89PNG"), "the screenshot is no PNG"
    at, packed = 8, b""
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += length + 12
    return sum(byte != 0 for byte in zlib.decompress(packed))


def main(path, png):
    with open(path, encoding="utf-8") as file:
        page = file.read()
    elsewhere = re.findall(r"""(?:src|href|action|data)\s*=\s*["'](?!#)[^"']*|url\([^)]*|@import""", page)
    assert not elsewhere, f"the page refers to {elsewhere}"

    seen = look(page)
    failed = [colour for tag, colour in seen["marks"] if tag == "A"]
    passed = [colour for tag, colour in seen["marks"] if tag == "SPAN"]
    assert seen["title"] == [f"Sweep: {'failed' if failed else 'passed'}"], seen["title"]
    assert seen["rows"] > 0 and len(seen["legend"]) == 1, "there is no table, or no legend"
    assert len(seen["sections"]) == len(failed), "there is not one section for each point that failed"
    assert not set(failed) & set(passed), "what failed looks like what passed"
    for link in seen["links"]:
        assert link["href"] == f"#{link['target']}" and link["shown"], f"{link} leads nowhere"
    assert seen["opened"] == seen["details"], "what is folded up does not unfold"
    assert not seen["wide"], "the page is wider than the window"
    assert not seen["asked"], f"the page asked for {seen['asked']}"

    chromium(f"--screenshot={png}", f"file://{os.path.abspath(path)}")
    said = colours(png)
    assert said > 20_000, f"the screenshot is blank: {said}"
    print(f"{seen['rows']} requests, {len(failed)} failures, {len(seen['links'])} links: as they should be")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else os.path.join(folder, "page.png"))
