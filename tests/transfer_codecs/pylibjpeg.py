"""pylibjpeg's decoders below pydicom, in an environment of their own: build/pylibjpeg, made by `make peers`.

pydicom takes them by itself wherever they are installed; MODALITY_PYLIBJPEG names another interpreter that has them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PYTHON = os.environ.get("MODALITY_PYLIBJPEG", str(Path(__file__).parents[2] / "build" / "pylibjpeg" / "bin" / "python"))
# Reads lines: a file, where its pixels go, and whether colours stay as they are stored; answers each with a line.
_DECODE = """
import sys
import numpy
from pydicom.pixels import pixel_array
for line in sys.stdin:
    file, pixels, raw = line.rstrip("\\n").split("\\t")
    try:
        numpy.save(pixels, pixel_array(file, raw=raw == "True", decoding_plugin="pylibjpeg"))
        print("done", flush=True)
    except Exception as error:
        print(repr(error), flush=True)
"""


@contextmanager
def decoder(folder: Path) -> Iterator[Callable[[Path, bool], npt.NDArray[Any]]]:
    """Gives a file's pixels as pydicom and pylibjpeg decode them, colours in RGB or, raw, as they are stored.

    Args:
        folder: for what goes between the processes.
    """
    command = [PYTHON, "-W", "ignore", "-c", _DECODE]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def decoded(file: Path, raw: bool) -> npt.NDArray[Any]:
            pixels = folder / "pixels.npy"
            print(file, pixels, raw, sep="\t", file=stdin, flush=True)
            said = stdout.readline().strip()
            assert said == "done", said
            found: npt.NDArray[Any] = np.load(pixels)
            return found

        try:
            yield decoded
        finally:
            stdin.close()
