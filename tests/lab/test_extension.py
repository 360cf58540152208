import json
import subprocess
import sys
from pathlib import Path

import jupyter_mlpipe.lab

CONFIG = Path(jupyter_mlpipe.lab.__file__).parent / "jupyter_server_config.d"


def test_installing_the_package_switches_the_extension_on():
    config = json.loads((CONFIG / "jupyter_mlpipe.json").read_text())
    assert config["ServerApp"]["jpserver_extensions"] == {"jupyter_mlpipe": True}


def test_finding_the_extension_imports_nothing_of_jupyter():
    code = (
        "import sys, jupyter_mlpipe;"
        "[__import__(p['module']) for p in jupyter_mlpipe._jupyter_server_extension_points()];"
        "sys.exit('jupyter_server' in sys.modules or 'sqlalchemy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
