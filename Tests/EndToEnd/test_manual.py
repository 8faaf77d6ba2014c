"""Man pages and message catalog say what the program says, and are well-formed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.daemon import run_sluice
from support.server import PROJECT

PAGES = ("man/man1/sluice.1", "man/man5/sluice.toml.5", "man/man8/sluice.service.8")


@pytest.fixture
def manual(binary, folder) -> Path:
    subprocess.run([PROJECT / "scripts" / "manual", binary, folder], check=True)
    return folder


def shown(page: Path) -> str:
    """A page as a reader has it, without line breaks."""
    text = subprocess.run(
        ["man", "--local-file", "--encoding=UTF-8", page],
        check=True, capture_output=True, text=True, env={"MANWIDTH": "4000", "LC_ALL": "C.UTF-8"},
    ).stdout
    return re.sub(r".\x08", "", text)


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_nothing_that_the_formatter_complains_about(manual, page):
    result = subprocess.run(
        ["man", "--warnings", "--encoding=UTF-8", "-Tutf8", "--local-file", "--ditroff", manual / page],
        capture_output=True, text=True,
    )
    assert result.stderr == ""
    # What Markdown means is done, not shown.
    text = shown(manual / page)
    assert "`" not in text and "](" not in text and "**" not in text


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_every_command_and_option_is_in_the_manual(manual):
    text = shown(manual / PAGES[0])
    help_text = json.loads(run_sluice("--experimental-dump-help").stdout)

    def check(command: dict, path: str) -> None:
        path = f"{path} {command['commandName']}".strip()
        assert path in text
        for argument in command.get("arguments", []):
            for name in argument.get("names", []):
                if argument["valueName"] not in ("help", "version"):
                    assert f"--{name['name']}" in text
        for child in command.get("subcommands", []):
            if child["commandName"] != "help":
                check(child, path)

    check(help_text["command"], "")


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_every_key_is_in_the_manual_with_its_default(manual):
    text = shown(manual / PAGES[1])
    for line in (PROJECT / "systemd" / "sluice.toml").read_text().splitlines():
        if match := re.match(r"#?(\w+) = (.*)", line):
            assert re.search(rf"^ +{match[1]}\b", text, re.M), match[1]
            assert match[2] in text
        elif match := re.match(r"#?(\[+\w+\]+)$", line):
            assert match[1] in text


def test_the_catalog_has_every_event_and_no_field_that_no_entry_has(manual):
    catalog = (manual / "sluice.catalog").read_text()
    document = (PROJECT / "docs" / "journal.md").read_text()
    documented = set(re.findall(r"^\| `\w+` \| `([0-9a-f]{32})` \|", document, re.M))
    assert set(re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.M)) == documented
    sources = "".join(path.read_text() for path in (PROJECT / "Sources" / "Ingest").rglob("*.swift"))
    fields = set(re.findall(r"@SLUICE_(\w+)@", catalog))
    assert len(fields) > 10
    for field in fields:
        assert f'"{field.lower()}": ' in sources or f'Key: "{field.lower()}"' in sources, field


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="there is no journalctl")
def test_the_catalog_is_one_for_journald(manual, tmp_path):
    place = tmp_path / "usr/lib/systemd/catalog"
    place.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    shutil.copy(manual / "sluice.catalog", place)
    command = ["journalctl", f"--root={tmp_path}"]
    built = subprocess.run([*command, "--update-catalog"], capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
    listed = subprocess.run([*command, "--list-catalog"], capture_output=True, text=True).stdout
    assert "Ring full" in listed and len(listed.splitlines()) > 40
