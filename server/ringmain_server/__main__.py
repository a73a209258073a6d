"""`python -m ringmain_server`: the `ringmain` command."""

import sys

from ringmain_server.app.orphan import tie

if __name__ == "__main__":
    tie()  # before the imports that take most of a start
    from ringmain_server.cli import main

    sys.exit(main())
