"""Its tests write into memory."""

from tests.edge.memory import tmp_path

__all__ = ["tmp_path"]
