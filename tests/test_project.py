"""What holds for the whole project: its locks, its documents, and what may stand in no file of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
import trustme
from standardwebhooks import Webhook

from monitor import config
from monitor.cli import wirebell
from tests.conftest import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock", "tests/receivers/synapse.lock")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LONGEST_DECISION = 40

#: What would tie the project to one machine or to one index; each pattern is written so that it does not find itself.
TIES = {
    "the address of an index": r"[:]//\S+/simple(?![\w-]|/\d)",
    "a host of an index's files": r"[:]//files\.",
    "an index by name": r"[p]ypi\.(org|io)|[p]ythonhosted\.|[n]pmjs\.(org|com)",
    "a mirror or a registry": r"[:]//[^/\s]*\b(mirror|registry|artifactory|nexus)\b",
    "an option that names an index": r"[-]-((extra-)?index-url|find-links|trusted-host)",
    "a path of one machine": r"(?<![\w.$}])/(work|root|home|mnt|Users)/\w",
}


def run(*command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | more
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)


# --- every file ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Return every file of the project that is text, by name."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed.returncode != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("this is no checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return {str(path.relative_to(ROOT)): path.read_text(errors="replace") for path in paths if path.is_file()}


@pytest.mark.parametrize("what", TIES)
def test_no_file_ties_the_project_to_a_machine_or_an_index(texts: dict[str, str], what: str) -> None:
    tied = [(name, found[0]) for name, text in texts.items() if (found := re.search(TIES[what], text))]
    assert tied == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("the address of an index", "https:~//any.example/root/simple"),
        ("a host of an index's files", "https:~//files.any.example/a.whl"),
        ("an index by name", "see py~pi.org"),
        ("a mirror or a registry", "http:~//the-mirror.example/a"),
        ("an option that names an index", "pip install -~-find-links=x"),
        ("a path of one machine", "cd /~home/anna"),
    ],
)
def test_a_tie_would_be_seen(what: str, text: str) -> None:
    assert re.search(TIES[what], text.replace("~", ""))


# --- the commands of a checkout --------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", ["dev", ".ci/image"])
def test_it_is_a_script_for_any_shell(script: str) -> None:
    assert (ROOT / script).read_text().startswith("#!/bin/sh\n")
    assert run("/bin/sh", "-n", script).stderr == ""


def test_dev_without_arguments_says_what_it_does() -> None:
    told = run("./dev").stdout
    assert [line.split()[:2] for line in told.splitlines() if line.startswith("  ")] == [
        ["./dev", command] for command in ("run", "test", "prove", "image", "check", "bench", "lock")
    ]


def test_an_unknown_command_of_dev_is_refused() -> None:
    assert run("./dev", "fly").returncode == 2


def test_ci_runs_nothing_but_what_a_developer_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if line.startswith("./")] == ["./dev check", "./dev test"]
    assert "set -eu" in lines


def test_the_readme_names_the_two_commands() -> None:
    assert [line.split("#")[0].strip() for line in blocks(ROOT / "README.md", "sh")[0].splitlines()] == [
        "./dev run",
        "./dev test",
    ]


# --- locks -----------------------------------------------------------------------------------------------------------


def pins(lock: str) -> dict[str, str]:
    """Return the lock's packages with all that is said of each."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)
    return {entry.split(" ")[0].strip(): entry for entry in entries if not entry.startswith("#")}


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w-]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_has_a_version_and_hashes(lock: str) -> None:
    loose = [pin for pin, said in pins(lock).items() if "==" not in pin or "--hash=sha256:" not in said]
    assert pins(lock)
    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_no_address(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text()


def test_what_is_tested_is_what_runs() -> None:
    assert pins("requirements.lock").keys() <= pins("requirements-dev.lock").keys()


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = named(project["project"]["dependencies"] + project["build-system"]["requires"])
    tools = named(project["project"]["optional-dependencies"]["dev"])
    assert asked <= named(list(pins("requirements.lock")))
    assert tools <= named(list(pins("requirements-dev.lock")))


# --- documents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)", document.read_text())
    lost = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert lost == []


def test_every_document_is_found_from_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [path.relative_to(ROOT / "docs") for path in ROOT.glob("docs/*/*.md")]
    lost = [str(page) for page in pages if page.parts[0] != "decisions" and f"]({page})" not in index]
    assert lost == []


def decisions() -> list[Path]:
    return sorted(ROOT.glob("docs/decisions/*.md"))


def test_a_decision_is_short_numbered_and_tells_its_cost() -> None:
    numbers = [path.name[:4] for path in decisions()]
    assert len(set(numbers)) == len(numbers)
    for path in decisions():
        text = path.read_text()
        assert re.match(rf"# 0*{int(path.name[:4])}[:.] \S", text), path.name
        assert len(text.splitlines()) <= LONGEST_DECISION, path.name
        assert re.search(r"^(## |\*\*)Answer", text, re.MULTILINE), path.name
        assert re.search(r"^(## |\*\*).*[Cc]ost", text, re.MULTILINE), path.name


def test_the_changelog_tells_what_is_not_released_yet() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## Unreleased\n\n### (Added|Changed|Fixed)\n\n- \S", text, re.MULTILINE)


def commands_in(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each ``wirebell …`` that stands in code, without its options."""
    code = re.findall(r"`([^`\n]+)`", text) + [
        line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    for line in code:
        for found in re.finditer(r"(?:^|[ /])(?:wirebell )*wirebell((?: [a-z]+)+)", line):
            yield tuple(found[1].split())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_document_names_only_commands_that_exist(document: Path) -> None:
    unknown = []
    for first, *others in commands_in(document.read_text()):
        found = wirebell.get_command(click.Context(wirebell), first)
        if found is None or (isinstance(found, click.Group) and others and others[0] not in found.commands):
            unknown.append((first, *others))
    assert unknown == []


# --- what documents tell people to write -----------------------------------------------------------------------------

#: What an example leaves out because it is about something else.
REST = {
    "feeds": '[feeds]\nwire = "https://wire.example/rss.xml"',
    "rules": '[rules]\nport = "port strike"',
    "channels": '[channels]\nscreen = "console:"',
}
#: Files that examples name.
SECRETS = {
    "mail.pw": "x", "desk.url": "json://desk.example", "boss.url": "json://boss.example",
    "hook.secret": "whsec_c2VjcmV0", "agency.pw": "x",
    "ministry.token": "x", "journal.headers": "X-Key: x", "journal.cookies": "session=x",
    "abroad.url": "http://bot:x@proxy.example:3128", "bank-ca.pem": trustme.CA().cert_pem.bytes().decode(),
    "feeds.opml": '<opml><body><outline text="europe"><outline xmlUrl="https://e.example"/></outline></body></opml>',
}  # fmt: skip


def examples() -> list[object]:
    found = [(path, block) for path in DOCUMENTS for block in blocks(path, "toml")]
    found.append((ROOT / "config.toml", (ROOT / "config.toml").read_text()))
    return [
        pytest.param(block, id=f"{path.relative_to(ROOT).as_posix()}-{number}")
        for number, (path, block) in enumerate(found)
    ]


@pytest.mark.parametrize("example", examples())
def test_an_example_of_a_config_is_fine(example: str, tmp_path: Path) -> None:
    missing = [table for name, table in REST.items() if f"[{name}" not in example]
    path = tmp_path / "config.toml"
    path.write_text("\n".join([example, *missing]))
    for name, secret in SECRETS.items():
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    loaded = config.load(path, environment={})
    assert loaded.warnings == ()


def genuine(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Ask the receiver of the how-to whether a request is genuine."""
    (code,) = blocks(ROOT / "docs" / "how-to" / "receive-webhooks.md", "python")
    asked = f"{code.split('class Receiver')[0]}\nprint(genuine({headers!r}, {body!r}))"
    done = run(sys.executable, "-c", asked, HOOK_SECRET=secret)
    assert done.stderr == ""
    return done.stdout == "True\n"


def test_the_receiver_that_a_document_shows_tells_ours_from_forged() -> None:
    secret, body = "whsec_bm90IGEgcmVhbCBzZWNyZXQ=", '{"headline": "гавань"}'
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "d-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("d-1", now, body),
    }
    assert genuine(headers, body.encode(), secret)
    assert not genuine(headers, body.encode() + b" ", secret)
    assert not genuine(headers, body.encode(), "whsec_" + "b3RoZXI=")
    assert not genuine(headers | {"webhook-timestamp": str(int(now.timestamp()) - 600)}, body.encode(), secret)
    assert not genuine({}, body.encode(), secret)
