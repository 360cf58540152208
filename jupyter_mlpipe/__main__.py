"""`python -m jupyter_mlpipe`, the same as `mlpipe`."""

import sys

from jupyter_mlpipe.cli.main import main

sys.exit(main())
