"""``python -m zepix`` is ``zepix``."""

import sys

from zepix.cli import main

sys.exit(main())
