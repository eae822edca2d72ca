"""`python -m playground`, and the command `playground`."""

from .terminal.streams import usable_streams


def main() -> None:
    """Run the command. Ends with 1 where standard output can't be written."""
    with usable_streams():
        from .cli import app  # noqa: PLC0415 - most of a start

        app()


if __name__ == "__main__":
    main()
