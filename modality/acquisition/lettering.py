"""Letters burned into pictures: capitals, digits and some marks, five pixels wide and seven high."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 6, 7
"""Of a letter in pixels, the gap after it among them."""

# Rows of a letter from the top, each as five bits; drawn by hand after the dot matrix displays of old.
_ROWS = {
    " ": "00 00 00 00 00 00 00", "A": "0e 11 11 1f 11 11 11", "B": "1e 11 11 1e 11 11 1e", "C": "0e 11 10 10 10 11 0e",
    "D": "1e 11 11 11 11 11 1e", "E": "1f 10 10 1e 10 10 1f", "F": "1f 10 10 1e 10 10 10", "G": "0e 11 10 17 11 11 0f",
    "H": "11 11 11 1f 11 11 11", "I": "0e 04 04 04 04 04 0e", "J": "07 02 02 02 02 12 0c", "K": "11 12 14 18 14 12 11",
    "L": "10 10 10 10 10 10 1f", "M": "11 1b 15 15 11 11 11", "N": "11 19 15 13 11 11 11", "O": "0e 11 11 11 11 11 0e",
    "P": "1e 11 11 1e 10 10 10", "Q": "0e 11 11 11 15 12 0d", "R": "1e 11 11 1e 14 12 11", "S": "0f 10 10 0e 01 01 1e",
    "T": "1f 04 04 04 04 04 04", "U": "11 11 11 11 11 11 0e", "V": "11 11 11 11 11 0a 04", "W": "11 11 11 15 15 1b 11",
    "X": "11 11 0a 04 0a 11 11", "Y": "11 11 0a 04 04 04 04", "Z": "1f 01 02 04 08 10 1f", "0": "0e 11 13 15 19 11 0e",
    "1": "04 0c 04 04 04 04 0e", "2": "0e 11 01 02 04 08 1f", "3": "1f 02 04 02 01 11 0e", "4": "02 06 0a 12 1f 02 02",
    "5": "1f 10 1e 01 01 11 0e", "6": "06 08 10 1e 11 11 0e", "7": "1f 01 02 04 08 08 08", "8": "0e 11 11 0e 11 11 0e",
    "9": "0e 11 11 0f 01 02 0c", ".": "00 00 00 00 00 0c 0c", ",": "00 00 00 00 0c 04 08", ":": "00 0c 0c 00 0c 0c 00",
    "-": "00 00 00 1f 00 00 00", "+": "00 04 04 1f 04 04 00", "/": "00 01 02 04 08 10 00", "%": "18 19 02 04 08 13 03",
    "(": "02 04 08 08 08 04 02", ")": "08 04 02 02 02 04 08", "=": "00 00 1f 00 1f 00 00", "?": "0e 11 01 02 04 00 04",
}  # fmt: skip


def has(letter: str) -> bool:
    """Whether there is a shape for a letter, or for its capital."""
    return letter.upper() in _ROWS


def lettered(text: str, scale: int = 1) -> npt.NDArray[np.bool_]:
    """Which pixels a line of text covers: shape (7 scale, 6 scale letters).

    Args:
        text: small letters become capitals, what has no letter a question mark.
        scale: pixels of a dot.
    """
    lines = [[int(row, 16) for row in _ROWS.get(letter, _ROWS["?"]).split()] for letter in text.upper()]
    dots = np.zeros((HEIGHT, WIDTH * len(lines)), np.bool_)
    for number, rows in enumerate(lines):
        for down, bits in enumerate(rows):
            for across in range(WIDTH - 1):
                dots[down, number * WIDTH + across] = bool(bits >> (WIDTH - 2 - across) & 1)
    return np.repeat(np.repeat(dots, scale, axis=0), scale, axis=1)
