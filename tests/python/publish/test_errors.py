"""What a user can cure: one sentence each, and nothing lost."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from dovecote import warehouse
from dovecote.cli import app
from dovecote.publish import Published, Version, changes, publish, restore
from publish.forks import OTHER_USER, in_a_fork
from publish.shops import HISTORY, Shop, rows_of, tree

CLONE_NEWNS = 0x00020000
MEGABYTE = 2**20


class TestFullDisk:
    """Space that runs out, and space that is known to be too little."""

    @pytest.fixture(autouse=True)
    def _build(self, shop: Shop, version: Version) -> None:
        # More than any small file has room for, and than compression makes nothing of.
        shop.run(
            f"insert into {HISTORY}.forgotten_people "
            "select 'customer_id', uuid()::text, null, '2025-01-01' from range(100_000)"
        )

    def test_too_little_space_is_seen_before_anything_is_written(
        self, published: Published, version: Version, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = tree(published.root)
        usage = shutil.disk_usage(published.root)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=version.size))
        needed = version.size * 1.5 / 1e6
        with pytest.raises(
            ValueError,
            match=f"{version.size / 1e6:,.0f} MB left where a version takes up to {needed:,.0f} "
            r"MB: make space, or keep fewer versions \(dovecote_published_versions_kept\)",
        ):
            publish(published)
        assert tree(published.root) == before

    @pytest.mark.parametrize("megabytes", [0.5, 3])
    def test_a_file_that_cannot_grow_is_told(
        self, shop: Shop, published: Published, version: Version, megabytes: float
    ) -> None:
        def publish_small_files() -> None:
            limit_files(int(megabytes * MEGABYTE))
            publish(published)

        before = tree(published.root)
        _, error = in_a_fork(publish_small_files)
        check_is_told(error, published.root / "2025-03-01T060506Z-00000002", "File too large")
        assert tree(published.root) == before
        assert publish(published)[0] == published.current()

    @pytest.mark.parametrize("megabytes", [0.5, 3])
    def test_a_warehouse_that_cannot_be_restored_is_told(
        self, shop: Shop, published: Published, megabytes: float
    ) -> None:
        version, _ = publish(published)
        shop.file.unlink()

        def restore_small_files() -> None:
            limit_files(int(megabytes * MEGABYTE))
            restore(version)

        _, error = in_a_fork(restore_small_files)
        check_is_told(error, shop.file, "File too large")
        assert not shop.file.exists()
        restore(version)

    @pytest.mark.parametrize("megabytes_left", [0, 1, 4, 9])
    def test_a_disk_that_is_full_is_told(
        self, place: Path, published: Published, megabytes_left: int
    ) -> None:
        small = place / "small"
        small.mkdir()

        def publish_on_a_small_disk() -> None:
            mount_own(small, 48)
            its = Published(small / "published")
            # The version that is there is small: what the next one takes is not foreseen.
            shutil.copytree(published.root, its.root, symlinks=True)
            before = tree(its.root)
            filler = small / "filler"
            free = shutil.disk_usage(small).free
            filler.write_bytes(bytes(free - megabytes_left * MEGABYTE))
            usage = shutil.disk_usage(small)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10**12))
                try:
                    publish(its)
                except ValueError as error:
                    told = str(error)
            assert tree(its.root) == before
            filler.unlink()
            assert publish(its)[0] == its.current()
            raise ValueError(told)

        exit_code, error = in_a_fork(publish_on_a_small_disk)
        if exit_code == NO_MOUNT:
            pytest.skip("mounting a small disk takes root and a kernel that lets it")
        # Without any space not even a lock can say who holds it.
        target = "2025-03-01T060506Z-00000002" if megabytes_left else ".lock"
        check_is_told(error, small / "published" / target, "No space left")


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_what_cannot_be_written_at_the_very_end_is_not_kept_silent(
    shop: Shop, published: Published, version: Version, blocks: int
) -> None:
    limit = version.database.stat().st_size - blocks * DUCKDB_BLOCK
    relation = f"{HISTORY}.hist_churn_scores"
    rows = rows_of(version.database, relation)
    shop.file.unlink()

    def restore_small_files() -> None:
        limit_files(limit)
        restore(version)

    _, error = in_a_fork(restore_small_files)
    if shop.file.exists():
        assert rows_of(shop.file, relation) == rows
    else:
        check_is_told(error, shop.file, "File too large")


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_a_version_that_lacks_its_very_end_is_not_published(
    published: Published, version: Version, blocks: int
) -> None:
    limit = version.database.stat().st_size - blocks * DUCKDB_BLOCK

    def publish_small_files() -> None:
        limit_files(limit)
        publish(published)

    in_a_fork(publish_small_files)
    current = published.current()
    assert current
    assert current.faults() == []
    assert not list(current.folder.glob("*.wal"))


DUCKDB_BLOCK = 262_144
NO_MOUNT = 77


def mount_own(folder: Path, megabytes: int) -> None:
    """Mount a small disk that only this process sees."""
    libc = ctypes.CDLL(None)
    if os.geteuid() or libc.unshare(CLONE_NEWNS):
        os._exit(NO_MOUNT)
    for arguments in (
        ["--make-rprivate", "/"],
        ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
    ):
        if subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode:
            os._exit(NO_MOUNT)


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def check_is_told(error: str, target: Path, reason: str) -> None:
    assert error.startswith(f"ValueError: {target} cannot be written ("), error
    assert reason in error
    assert error.endswith(
        "), and what was there stays: make space on the disk or mend what it says, then try again."
    )
    assert "\n" not in error


@pytest.mark.parametrize("read_only", ["published", "build"])
def test_a_folder_that_may_not_be_written_is_named(
    place: Path, published: Published, version: Version, read_only: str
) -> None:
    (place / "build" / "shop.lock").unlink()
    give_to_other_user(place)
    (place / read_only).chmod(0o555)
    before = tree(place)
    _, error = in_a_fork(lambda: publish(published), user=OTHER_USER)
    assert error.startswith("PermissionError: [Errno 13] Permission denied: ")
    assert str(place / read_only) in error
    (place / read_only).chmod(0o755)
    assert {name: content for name, content in tree(place).items() if "lock" not in name} == before
    assert in_a_fork(lambda: publish(published), user=OTHER_USER) == (0, "")


def give_to_other_user(place: Path) -> None:
    if OTHER_USER is not None:
        for path in (place, *place.rglob("*")):
            os.chown(path, OTHER_USER, -1, follow_symlinks=False)


def test_a_warehouse_that_may_not_be_read_is_named(
    shop: Shop, published: Published, version: Version, place: Path
) -> None:
    give_to_other_user(place)
    shop.file.chmod(0)
    _, error = in_a_fork(lambda: publish(published), user=OTHER_USER)
    assert error == (
        f"ValueError: {shop.file} cannot be opened for want of permission: give this user the "
        "right to it."
    )


class Damage(NamedTuple):
    """What somebody did to the folder, what is said of it, and what cures it."""

    do: Callable[[Published], object]
    said: str
    cure: Callable[[Published], object]


def write_manifest(version: Version, text: str) -> None:
    manifest = version.folder / "manifest.json"
    manifest.unlink()
    manifest.write_text(text)


def replace_link(published: Published, make: Callable[[Path], object]) -> None:
    published.link.unlink()
    make(published.link)


DAMAGES = {
    "current_is_a_folder": Damage(
        lambda published: replace_link(published, Path.mkdir),
        "current is no link but a file or folder of its own: move it away, then publish again",
        lambda published: published.link.rmdir(),
    ),
    "current_is_a_file": Damage(
        lambda published: replace_link(published, Path.touch),
        "current is no link but a file or folder of its own: move it away, then publish again",
        lambda published: published.link.unlink(),
    ),
    "current_dangles": Damage(
        lambda published: replace_link(published, lambda link: link.symlink_to("gone")),
        "gone, which is no version: dovecote rollback to one that is",
        lambda published: published.point_to(published.find("00000001")),
    ),
    "the_only_version_is_gone": Damage(
        lambda published: shutil.rmtree(published.link.resolve()),
        "where there is none, take the link away and publish again",
        lambda published: published.link.unlink(),
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_folder_is_told_and_can_be_cured(
    published: Published, version: Version, damage: Damage
) -> None:
    damage.do(published)
    before = tree(published.root)
    with pytest.raises(ValueError, match=damage.said) as caught:
        publish(published)
    assert "\n" not in str(caught.value)
    assert str(published.root) in str(caught.value)
    assert tree(published.root) == before
    damage.cure(published)
    following, _ = publish(published)
    assert published.current() == following
    assert following.faults() == []


NOT_WHOLE = "is no whole version, its manifest.json cannot be read: take the folder away."


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '"text"', '{"tables": [1]}', "\x00"])
def test_a_version_without_its_manifest_is_passed_over_and_named(
    published: Published, version: Version, text: str
) -> None:
    write_manifest(version, text)
    assert published.damaged() == {version.name: f"{version.folder} {NOT_WHOLE}"}
    assert published.versions() == []
    assert CliRunner().invoke(app, ["versions"]).exit_code == 0
    with pytest.raises(ValueError, match=NOT_WHOLE):
        published.find("current")
    following, _ = publish(published)
    assert published.current() == following
    assert published.versions() == [following]
    assert version.folder.is_dir()


def test_readers_can_be_led_away_from_a_version_without_its_manifest(
    published: Published, version: Version
) -> None:
    following, _ = publish(published)
    write_manifest(following, "")
    before = tree(published.root)
    with pytest.raises(ValueError, match=f"{following.name} {NOT_WHOLE}"):
        publish(published)
    assert tree(published.root) == before
    assert CliRunner().invoke(app, ["rollback"]).exit_code == 0
    assert published.current() == version
    shutil.rmtree(following.folder)
    again, _ = publish(published)
    assert published.current() == again
    assert again.name == following.name
    assert published.before_current() == version
    with published.locked():
        published.point_to(version)
    with pytest.raises(ValueError, match="no version of a build before the current one's"):
        published.before_current()


@pytest.mark.parametrize("name", ["lost+found", "notes", "2025-03-01T050506Z-00000001.bak"])
def test_a_folder_of_another_name_is_no_version(
    published: Published, version: Version, name: str
) -> None:
    shutil.copytree(version.folder, published.root / name)
    (published.root / name / "manifest.json").chmod(0o644)
    (published.root / name / "manifest.json").write_text("")
    assert published.versions() == [version]
    assert published.damaged() == {}
    following, _ = publish(published)
    assert published.versions() == [following, version]
    assert (published.root / name).is_dir()


def test_who_may_not_read_the_list_of_forgotten_people_can_look_for_damage(
    published: Published, version: Version
) -> None:
    following, _ = publish(published)
    listed = following.folder / "forgotten_people.parquet"
    # Its owner, who runs the tests where they are not run as root, is to be like others.
    listed.chmod(0)

    def look() -> None:
        with pytest.raises(PermissionError):
            listed.read_bytes()
        assert following.faults() == []
        assert changes(version, following)

    assert in_a_fork(look, user=OTHER_USER) == (0, "")
    listed.chmod(0o600)
    listed.write_bytes(b"")
    listed.chmod(0)
    _, error = in_a_fork(lambda: changes(version, following), user=OTHER_USER)
    assert error.startswith(f"ValueError: {listed} is not as it was published")


def test_what_a_later_release_adds_to_a_manifest_is_passed_over(
    published: Published, version: Version
) -> None:
    content = json.loads((version.folder / "manifest.json").read_text())
    content["colour"] = content["tables"][0]["colour"] = "red"
    write_manifest(version, json.dumps(content))
    assert published.versions() == [version]


@pytest.mark.parametrize("content", [b"", b"dear diary", b"\0" * 8192])
def test_a_warehouse_that_is_no_duckdb_file_is_told(
    shop: Shop, published: Published, version: Version, content: bytes
) -> None:
    whole = shop.file.read_bytes()
    before = tree(published.root)
    shop.file.write_bytes(content)
    with pytest.raises(ValueError, match=r"move it away|has no build yet: run dovecote build"):
        publish(published)
    assert shop.file.read_bytes() == content
    assert tree(published.root) == before
    shop.file.write_bytes(whole)
    publish(published)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_warehouse_that_was_cut_off_is_told(
    shop: Shop, published: Published, version: Version, share: float
) -> None:
    whole = shop.file.read_bytes()
    before = tree(published.root)
    shop.file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=str(shop.file.parent.parent)) as caught:
        publish(published)
    assert "\n" not in str(caught.value)
    assert tree(published.root) == before


def test_a_warehouse_that_is_not_there_is_told(shop: Shop, published: Published) -> None:
    with pytest.raises(ValueError, match="does not exist: run dovecote build first"):
        publish(published)
    assert not shop.file.exists()


def test_a_folder_named_lock_is_not_taken_for_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place / "block" / "shop.duckdb"
    file.parent.mkdir()
    file.write_bytes(b"dear diary")
    monkeypatch.setenv("DOVECOTE_WAREHOUSE", str(file))
    with pytest.raises(ValueError, match="cannot be opened as a file of this DuckDB: move it away"):
        warehouse.connect(read_only=True)
