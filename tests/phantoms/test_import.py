import subprocess
import sys

import phantoms


def test_importing_phantoms_loads_no_numpy():
    code = "import sys, phantoms; assert 'numpy' not in sys.modules; phantoms.water(); assert 'numpy' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_resolves():
    assert [name for name in phantoms.__all__ if getattr(phantoms, name).__name__ != name] == []
    assert dir(phantoms) == sorted(phantoms.__all__)
