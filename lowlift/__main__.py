"""``python -m lowlift``: the same commands as ``lowlift``."""

from lowlift.cli import main

if __name__ == "__main__":
    main()
