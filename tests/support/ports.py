"""Ports that stay free until they are used: below those that the system hands out by itself."""

from __future__ import annotations

import random
import socket

__all__ = ["free_port"]

_RANGE = range(11_000, 31_000)


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, and which no other socket will be given by chance."""
    while True:
        port = random.choice(_RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
