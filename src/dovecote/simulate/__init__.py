"""A simulated shop whose customers follow a known buy-till-you-die process."""

from dovecote.simulate.files import WrittenFile, prepare_folder, write_shop
from dovecote.simulate.partitions import write_partitions
from dovecote.simulate.settings import FileFormat, Settings
from dovecote.simulate.shop import Block, make_blocks

__all__ = [
    "Block",
    "FileFormat",
    "Settings",
    "WrittenFile",
    "make_blocks",
    "prepare_folder",
    "write_partitions",
    "write_shop",
]
