"""The door for `python -m connector` and for the console script.

Promises: hands the command line the house, built only when a command needs it. Never: logic of its own.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns its exit code."""
    from connector.cli.main import run

    return run(sys.argv[1:], _house)


def _house() -> object:
    from connector.app import House

    return House()


if __name__ == "__main__":
    sys.exit(main())
