"""Writes files whole or not at all."""

import os

from ai_spine.utils import random_id


def write_whole(path: str, data: bytes, mode: int = 0o666) -> None:
    """Write a file so that others see its old content or its new one, never a part of it.

    Args:
        path: The file.
        data: Its content.
        mode: Who may open a new file, before the umask; nobody else can from its creation on.

    Raises:
        OSError: It cannot be written. It is unchanged.
    """
    new = os.path.join(os.path.dirname(path), f".new-{random_id()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with open(os.open(new, flags, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        if os.path.exists(new):
            os.unlink(new)
        raise
