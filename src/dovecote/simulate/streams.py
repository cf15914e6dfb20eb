"""Random streams and ids that depend only on the seed, the block and the topic.

Customers are made in blocks of a fixed size. Every block, and every topic within it, has its own
child of the seed, so blocks can be made one at a time, in any order, or side by side.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.object_]

BLOCK_SIZE = 1_000
"""Customers in a block. Changing it changes every simulated shop."""

SHOP_BLOCK = -1
"""Number of the block that holds what all customers share: products and exchange rates."""

ID_WIDTH = 4
_DIGITS = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)


class Topic(IntEnum):
    """What a random stream is for."""

    CATALOGUE = 0
    PEOPLE = 1
    PURCHASES = 2
    ORDERS = 3
    EVENTS = 4
    FEEDBACK = 5
    DIRT = 6
    LATENESS = 7


def stream(seed: int, block: int, topic: Topic) -> np.random.Generator:
    """Return the generator of one topic in one block.

    Parameters
    ----------
    seed
        The shop's seed.
    block
        Block number from 0, or ``SHOP_BLOCK``.
    topic
        What the numbers are for.

    Returns
    -------
    numpy.random.Generator
        The generator that ``SeedSequence(seed)`` reaches by spawning block, then topic.
    """
    child = np.random.SeedSequence(seed, spawn_key=(block - SHOP_BLOCK, int(topic)))
    return np.random.Generator(np.random.PCG64(child))


def block_count(customers: int) -> int:
    """Return the number of blocks that hold so many customers."""
    return -(-customers // BLOCK_SIZE)


def block_ids(prefix: str, block: int, count: int) -> TextArray:
    """Return ids that no other block can produce.

    An id is the prefix and the base-36 number ``block * 36**4 + position``, without leading zeros.

    Parameters
    ----------
    prefix
        One letter that names the kind of row.
    block
        Block number from 0.
    count
        Number of ids, at most 36**4.

    Returns
    -------
    numpy.ndarray
        Object array of ``count`` strings.

    Raises
    ------
    ValueError
        If a block holds more rows than it has ids.
    """
    capacity = len(_DIGITS) ** ID_WIDTH
    if count > capacity:
        raise ValueError(f"A block has {capacity} ids, not {count}: make smaller blocks.")
    numbers = block * capacity + np.arange(count, dtype=np.int64)
    digits = 1
    while len(_DIGITS) ** digits <= block * capacity + count:
        digits += 1
    # Letter by letter into the buffers of a text array: no string is made on the way.
    letters = np.full((count, 1 + digits), ord(prefix), dtype=np.uint8)
    for place in range(digits, 0, -1):
        numbers, digit = np.divmod(numbers, len(_DIGITS))
        letters[:, place] = _DIGITS[digit]
    is_written = np.ones(letters.shape, dtype=np.bool_)
    is_written[:, 1:] = np.maximum.accumulate(letters[:, 1:] != _DIGITS[0], axis=1)
    is_written[:, -1] = True
    ends = np.concatenate([[0], np.cumsum(is_written.sum(axis=1))]).astype(np.int32)
    buffers = pa.py_buffer(ends), pa.py_buffer(letters[is_written])
    return _objects(pa.StringArray.from_buffers(count, *buffers))


def numbered(prefix: str, numbers: IntArray, suffix: str = "") -> TextArray:
    """Return ids made of a prefix, a decimal number and a suffix."""
    digits = pa.array(numbers).cast(pa.string())
    return _objects(pc.binary_join_element_wise(prefix, digits, suffix, ""))


def _objects(texts: pa.StringArray) -> TextArray:
    return np.asarray(texts.to_numpy(zero_copy_only=False))


def as_text(values: object) -> TextArray:
    """Return strings as an object array, which can hold None for a null."""
    return np.asarray(values).astype(object)


def pick(
    rng: np.random.Generator, values: list[str | None], size: int, weights: list[float]
) -> TextArray:
    """Draw strings with the given weights, which need not sum to 1."""
    share = np.array(weights) / np.sum(weights)
    return as_text(np.array(values, dtype=object)[rng.choice(len(values), size, p=share)])


def blank(values: TextArray, is_blank: BoolArray) -> TextArray:
    """Return the strings with null where asked."""
    blanked = values.copy()
    blanked[is_blank] = None
    return blanked
