from __future__ import annotations

import subprocess
import sys


def test_settings_import_no_heavy_library():
    code = (
        "import sys, skim_core.settings;"
        "print({name.partition('.')[0] for name in sys.modules} & "
        "{'numpy', 'pandas', 'polars', 'rich', 'typer', 'exchange_calendars', 'pluggy'})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout == b"set()\n"
