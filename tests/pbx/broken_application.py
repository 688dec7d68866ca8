"""The application with a bug: the procedure that connects callers to an agent raises."""

from typing import Any

from ari_app.cli import main
from ari_app.procedures import leaving


async def broken(*_: Any) -> None:
    raise RuntimeError("injected")


setattr(leaving, "connect", broken)  # noqa: B010
main()
