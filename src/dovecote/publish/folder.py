"""The folder of published versions: `current` points to one of them, and readers follow it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dovecote import locks
from dovecote.publish.version import Version

DEFAULT = Path("published")
# When its build began, the begin of its run_id, and how often it was written anew.
NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{8}(-r\d+)?")
_INCOMING, _OUTGOING, _NEXT = ".incoming-", ".outgoing-", ".current-next"


class Published:
    """A folder of versions.

    A version arrives under a name that no reader looks for and takes its own by one rename,
    `current` is swapped by another, and what is pruned leaves by a third. So whoever is killed at
    whatever moment leaves whole versions, and a reader finds one of them.

    Parameters
    ----------
    root
        The folder; DOVECOTE_PUBLISHED or `published` where none is given.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(os.environ.get("DOVECOTE_PUBLISHED") or DEFAULT)

    @property
    def link(self) -> Path:
        return self.root / "current"

    def versions(self) -> list[Version]:
        """List all versions but damaged ones, the latest build first."""
        return sorted(
            (found for found in self._read().values() if isinstance(found, Version)),
            key=lambda version: (version.manifest.built_at, version.name),
            reverse=True,
        )

    def damaged(self) -> dict[str, str]:
        """Say in one sentence each, by its name, which versions have lost their manifest."""
        return {name: found for name, found in self._read().items() if isinstance(found, str)}

    def _read(self) -> dict[str, Version | str]:
        found: dict[str, Version | str] = {}
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            if NAME.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                try:
                    found[folder.name] = Version.read(folder)
                except ValueError as error:
                    found[folder.name] = str(error)
        return found

    def current(self) -> Version | None:
        """Give the version that readers see; none where nothing has been published.

        Raises
        ------
        ValueError
            If `current` is no link, or points to nothing, or to a damaged version.
        """
        name = self.current_name()
        return Version.read(self.root / name) if name else None

    def current_name(self) -> str | None:
        """Give the name of the version that readers see, be it damaged or not.

        Raises
        ------
        ValueError
            If `current` is no link, or points to nothing.
        """
        if not os.path.lexists(self.link):
            return None
        if not self.link.is_symlink():
            raise ValueError(
                f"{self.link} is no link but a file or folder of its own: move it away, then "
                "publish again, or dovecote rollback to a version that is there."
            )
        target = self.link.resolve()
        if not target.is_dir():
            raise ValueError(
                f"{self.link} points to {target}, which is no version: dovecote rollback to one "
                "that is, or, where there is none, take the link away and publish again."
            )
        return target.name

    def before_current(self) -> Version:
        """Give the version of the build before the current one's.

        Raises
        ------
        ValueError
            If there is none.
        """
        current = self.current_name()
        earlier = self.before(current) if current else None
        if earlier is None:
            raise ValueError(
                f"{self.root} has no version of a build before the current one's: name one "
                "(dovecote versions)."
            )
        return earlier

    def before(self, name: str) -> Version | None:
        """Give the version of the build before one's, or None for the first."""
        return next((version for version in self.versions() if version.name < name), None)

    def find(self, name: str) -> Version:
        """Find a version by its name, a part of it, or `current`.

        Raises
        ------
        ValueError
            If none or several have it in their names.
        """
        if name == "current":
            version = self.current()
            if version is None:
                raise ValueError(f"{self.root} has no version yet: dovecote publish makes one.")
            return version
        matching = [version for version in self.versions() if name in version.name]
        exact = [version for version in matching if version.name == name]
        if len(exact or matching) == 1:
            return (exact or matching)[0]
        known = ", ".join(version.name for version in matching or self.versions()) or "none"
        which = "several versions are" if matching else "no version is"
        raise ValueError(f"{which} named like '{name}' in {self.root}: name one of {known}.")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands from changing the folder, and clear away what one that died left."""
        self.root.mkdir(parents=True, exist_ok=True)
        with locks.held(self.root / ".lock", guards=self.root):
            for leftover in self.root.glob(".*-*"):
                if leftover.name.startswith((_INCOMING, _OUTGOING)):
                    shutil.rmtree(leftover)
                elif leftover.name == _NEXT:
                    leftover.unlink()
            yield

    @contextmanager
    def arriving(self, name: str) -> Iterator[Path]:
        """Give a new folder to write a version into, which takes its name once it is whole."""
        with self.incoming(name) as incoming, writing(self.root / name):
            yield incoming
            for file in incoming.rglob("*"):
                if file.is_file():
                    # Whoever opens a published file for writing would keep others out of it.
                    file.chmod(file.stat().st_mode & 0o444)
            put(incoming, self.root / name)

    @contextmanager
    def incoming(self, name: str) -> Iterator[Path]:
        """Give a new folder that no reader looks for; what is left in it goes."""
        incoming = self.root / f"{_INCOMING}{name}"
        incoming.mkdir()
        try:
            yield incoming
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def point_to(self, version: Version) -> None:
        """Let readers who open `current` from now on see a version."""
        following = self.root / _NEXT
        following.symlink_to(version.name)
        following.replace(self.link)
        _flush(self.root)

    def remove(self, version: Version) -> None:
        """Take a version away; who has its files open keeps them."""
        outgoing = self.root / f"{_OUTGOING}{version.name}"
        version.folder.rename(outgoing)
        shutil.rmtree(outgoing)

    def prune(self, kept: int, *, spared: str | None = None) -> list[Version]:
        """Remove old versions.

        Parameters
        ----------
        kept
            How many stay, the latest first. The current one stays besides.
        spared
            Name of the one that was current until now: who has just read where `current` points
            to, and has yet to open it, must find it there.

        Returns
        -------
        list of Version
            Those removed.
        """
        staying = {self.current_name(), spared}
        old = [version for version in self.versions()[kept:] if version.name not in staying]
        for version in old:
            self.remove(version)
        return old


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Say in one sentence why a file or folder could not be made."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ValueError(
            f"{target} cannot be written ({reason}), and what was there stays: make space on the "
            "disk or mend what it says, then try again."
        ) from error


def put(incoming: Path, target: Path) -> None:
    """Give a file or folder that is whole its name, so that a power cut leaves it whole."""
    for path in (incoming, *incoming.rglob("*")):
        _flush(path)
    incoming.rename(target)
    _flush(target.parent)


def _flush(path: Path) -> None:
    """Have the operating system write a file or a folder to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
