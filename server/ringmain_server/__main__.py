"""`python -m ringmain_server`: the `ringmain` command."""

import sys

from ringmain_server.cli import main

if __name__ == "__main__":
    sys.exit(main())
