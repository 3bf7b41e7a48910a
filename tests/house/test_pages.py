"""What browsers and Node get: scripts that parse, templates that only show."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import ROOT, Tree, keep, objections, repository

TEMPLATE_FAULTS = {
    "| safe: markup that skipped escaping is how a client's message runs in a colleague's browser": r"\|\s*safe\b",
    "inline style: the content policy refuses it; use a class": r"<style\b|\sstyle\s*=",
    "inline script: the content policy refuses it; use a file in admin/static": r"<script\b(?![^>]*\bsrc=)",
    "event handler attribute: the content policy refuses it; listen in a file in admin/static": r"<[^>]*\son\w+\s*=",
}


def busy_templates(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".html", under=("admin/",)):
        for fault, pattern in TEMPLATE_FAULTS.items():
            for found in re.finditer(pattern, file.text):
                yield f"{file.at(found.start())} {fault}"


def broken_script(path: str) -> str:
    """Return what Node has against a script's grammar, empty when nothing."""
    checked = subprocess.run(["node", "--check", path], cwd=ROOT, capture_output=True, text=True, check=False)
    return checked.stderr if checked.returncode else ""


def test_templates_only_show() -> None:
    keep(busy_templates, "Templates know `for`, `if` and macros.")


def test_every_script_parses() -> None:
    scripts = [file.path for file in repository().texts(".js", ".mjs")]
    assert not [found for path in scripts if (found := broken_script(path))]


def test_the_page_rules_bite(tmp_path: Path) -> None:
    for bad in ("{{ text | safe }}", '<p style="x">', "<style>", "<script>x()</script>", '<a onclick="x()">'):
        assert len(objections(busy_templates, {"admin/pages/a/page.html": bad})) == 1, bad
    good = '<script type="module" src="/static/a.js"></script><p class="style" data-on="x">{{ on = 1 }}'
    assert not objections(busy_templates, {"admin/pages/a/page.html": good})

    script = tmp_path / "a.mjs"
    for text, parses in (("export const a = 1;\n", True), ("export const a = ;\n", False)):
        script.write_text(text)
        assert (broken_script(str(script)) == "") == parses
