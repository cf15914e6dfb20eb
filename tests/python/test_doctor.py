"""What doctor finds where all is well, and the cure it names where something is not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace

import pytest

from dovecote import doctor, warehouse
from dovecote.doctor import Finding, examine
from dovecote.publish import Published, publish
from publish.shops import HISTORY, Shop, copies_of_registries, shop_in

SUBJECTS = ["packages", "project and inputs", "locks", "warehouse", "disk space", "published"]
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Give a shop with a published build, in a project whose own checks pass."""
    shop = shop_in(tmp_path, monkeypatch)
    shop.build()
    publish(Published())
    monkeypatch.setenv("DOVECOTE_DATA", "/data/shop")
    (tmp_path / "dbt_project.yml").touch()
    monkeypatch.chdir(tmp_path)
    let_dbt_say(monkeypatch, "", returncode=0)
    return shop


def let_dbt_say(monkeypatch: pytest.MonkeyPatch, said: str, *, returncode: int) -> None:
    done = SimpleNamespace(returncode=returncode, stdout=said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)


def ill() -> dict[str, str]:
    """Give what is to be done, by subject; each must be looked at."""
    findings = list(examine(Published()))
    assert [finding.subject for finding in findings] == SUBJECTS
    assert not any("\n" in finding.text for finding in findings)
    return {finding.subject: finding.text for finding in findings if not finding.is_well}


def test_where_all_is_well_each_finding_says_what_is_there(shop: Shop) -> None:
    texts = [finding.text for finding in examine(Published())]
    assert ill() == {}
    for text, said in zip(
        texts,
        [
            f"duckdb {version('duckdb')}",
            "/data/shop can be read",
            "no command is at work",
            f"{shop.file}, 2 MB, 1 build, the last of 2025-03-01 05:05 UTC green",
            "enough for a build and a version",
            "1 version, all whole; readers see 2025-03-01T050506Z-00000001",
        ],
        strict=True,
    ):
        assert said in text


def test_several_are_counted_as_such(shop: Shop) -> None:
    shop.build()
    publish(Published())
    texts = {finding.subject: finding.text for finding in examine(Published())}
    assert ", 2 builds, the last of" in texts["warehouse"]
    assert texts["published"].startswith("2 versions, all whole")


def test_what_is_not_there_yet_is_well(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOVECOTE_WAREHOUSE", str(tmp_path / "new" / "shop.duckdb"))
    monkeypatch.setenv("DOVECOTE_PUBLISHED", str(tmp_path / "new" / "published"))
    monkeypatch.delenv("DOVECOTE_DATA")
    texts = {finding.subject: finding.text for finding in examine(Published())}
    assert ill() == {}
    assert "is not there yet: dovecote build makes it" in texts["warehouse"]
    assert "has no version yet: dovecote publish makes one" in texts["published"]
    assert "DOVECOTE_DATA is not set" in texts["project and inputs"]


def test_a_lost_warehouse_is_told(shop: Shop) -> None:
    shop.file.unlink()
    assert ill() == {
        "warehouse": f"{shop.file} is not there, but {Published().root} has versions of it: "
        "dovecote restore it, history and the list of forgotten people included, or let "
        "DOVECOTE_PUBLISHED name another folder."
    }


def test_packages_that_are_missing_or_of_another_version_are_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installed(package: str) -> str:
        if package == "lifetimes":
            raise PackageNotFoundError
        return "1.4.4" if package == "duckdb" else version(package)

    monkeypatch.setattr(doctor, "version", installed)
    assert ill() == {
        "packages": "duckdb is 1.4.4 where <1.6,>=1.5.5 is needed; lifetimes is missing where "
        "==0.11.3 is needed: install requirements.lock anew (make install)."
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "03:14 Encountered\n  Dovecote: orders.csv has no ordered_at: add it.\n",
            "orders.csv has",
        ),
        ("one\n\ntwo\nno profile\nname one\n", "two no profile name one"),
    ],
)
def test_what_the_projects_own_checks_say_is_passed_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    let_dbt_say(monkeypatch, said, returncode=1)
    ((subject, text),) = ill().items()
    assert subject == "project and inputs"
    assert text.startswith(told)


def test_a_folder_without_a_project_is_told(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").unlink()
    assert ill() == {
        "project and inputs": f"{tmp_path} has no dbt_project.yml: change to the folder of the "
        "project."
    }


@pytest.mark.slow
def test_the_projects_own_checks_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("DOVECOTE_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=rf"{tmp_path}.*orders") as caught:
        doctor._project()
    assert "\n" not in str(caught.value)


def test_a_command_at_work_is_named(shop: Shop) -> None:
    with warehouse.locked():
        found = ill()
    assert found.keys() == {"locks"}
    assert f"{shop.file} is in use by" in found["locks"]
    assert "wait until it has ended, or end it" in found["locks"]
    with Published().locked():
        assert ill().keys() == {"locks"}


@pytest.mark.parametrize("statement", [None, "create schema other", "delete from builds"])
def test_a_warehouse_that_cannot_be_used_is_told(shop: Shop, statement: str | None) -> None:
    if statement is None:
        shop.file.write_bytes(b"dear diary")
        said = "cannot be opened as a file of this DuckDB: move it away, then build anew"
    elif statement == "create schema other":
        shop.run(statement, *copies_of_registries("other"))
        said = rf"has builds of several targets \({HISTORY}, other\): give each target a file"
    else:
        shop.run(f"delete from {HISTORY}.builds")
        (finding,) = [finding for finding in examine(Published()) if finding.subject == "warehouse"]
        assert finding == Finding("warehouse", True, f"{shop.file} has no build yet")
        return
    found = ill()
    assert found.keys() == {"warehouse"}
    with pytest.raises(ValueError, match=said):
        raise ValueError(found["warehouse"])


def test_a_disk_that_is_nearly_full_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=499e6))
    found = ill()
    assert found.keys() == {"disk space"}
    assert f"{shop.file.parent} has 499 MB left" in found["disk space"]
    assert found["disk space"].endswith("at least 500 MB are wanted: make space.")


@pytest.fixture
def damaged(shop: Shop) -> Iterator[Published]:
    published = Published()
    yield published
    found = ill()
    assert found.keys() == {"published"}


def test_a_version_that_was_changed_is_told(damaged: Published) -> None:
    file = damaged.versions()[0].database
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])
    assert ill()["published"] == (
        f"{file} is not as it was published: dovecote rollback to a version that is whole, and "
        "take the damaged one away."
    )


def test_a_manifest_that_was_changed_is_told(damaged: Published) -> None:
    manifest = damaged.versions()[0].folder / "manifest.json"
    manifest.unlink()
    assert "its manifest.json cannot be read: take the folder away." in ill()["published"]


def test_a_link_to_nothing_is_told(damaged: Published) -> None:
    damaged.link.unlink()
    damaged.link.symlink_to("gone")
    assert "gone, which is no version: dovecote rollback to one" in ill()["published"]


def test_a_missing_link_is_told(damaged: Published) -> None:
    damaged.link.unlink()
    assert ill()["published"] == f"{damaged.link} is missing: dovecote rollback to a version."
