"""Write the pages of a version anew: with another release of Dovecote, or where they were lost."""

from __future__ import annotations

from dataclasses import replace

from dovecote.dashboard import PAGES, write_pages
from dovecote.publish.folder import Published, put, writing
from dovecote.publish.version import MANIFEST, Version, file_facts


def write_pages_anew(published: Published, version: Version) -> Version:
    """Write the dashboard and the churn report of a version again.

    Parameters
    ----------
    published
        The folder of versions.
    version
        One of them; its tables stay as they are.

    Returns
    -------
    Version
        The same, with the pages in its manifest.

    Raises
    ------
    ValueError
        If there is no space.
    """
    with published.locked(), published.incoming(version.name) as folder:
        before = published.before(version.name)
        with writing(version.folder):
            write_pages(version.database, folder, before.database if before else None)
            pages = {name: file_facts(folder / name) for name in PAGES}
            manifest = replace(version.manifest, files={**version.manifest.files, **pages})
            manifest.write(folder)
            # The manifest last: until then it tells of pages that are not the ones it names.
            for name in (*PAGES, MANIFEST):
                (folder / name).chmod(0o444)
                put(folder / name, version.folder / name)
    return Version(version.folder, manifest)
