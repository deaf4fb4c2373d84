"""The frames of one direction of a WebSocket, followed as their bytes pass (RFC 6455, section 5.2).

Nothing is decoded and nothing is kept but the head of a frame that has not all arrived: what two ends agreed on, such
as compression, stays theirs.  A relay learns from here where a frame of its own may stand, how large messages are, and
with which code the direction was closed.
"""

from __future__ import annotations

import os

__all__ = ["GOING_AWAY", "NO_CODE", "PROTOCOL_ERROR", "TOO_BIG", "Frames", "close_frame"]

GOING_AWAY, PROTOCOL_ERROR, TOO_BIG = 1001, 1002, 1009
NO_CODE = 1005
"""What is said of a Close frame without a code; it never stands in one."""
_CONTINUATION, _CLOSE = 0x0, 0x8
_CONTROL_MOST = 125


class Frames:
    """Where one direction stands.  `masked`: its frames come from a client.  `limit`: bytes of one message.

    `fault` is the close code for a direction that breaks the rules; from then on it must not be relayed.
    """

    __slots__ = ("_code", "_head", "_left", "_limit", "_mask", "_message", "_opcode", "code", "fault", "masked",
                 "messages")  # fmt: skip

    def __init__(self, masked: bool, limit: int) -> None:
        self.masked, self._limit = masked, limit
        self.messages = 0
        """Whole ones, control frames aside."""
        self.code: int | None = None
        """Of the Close frame, once it has passed; NO_CODE when it has none."""
        self.fault: int | None = None
        self._head = b""
        self._left = 0
        self._opcode = 0
        self._message = 0
        """Bytes of the message under way, in the frames of it so far."""
        self._mask = b""
        self._code = b""

    @property
    def between(self) -> bool:
        """What was relayed so far ends with a whole frame: another one may stand there."""
        return self._left == 0 or self.fault is not None

    def feed(self, data: bytes) -> bytes:
        """What may be relayed now: all of it but a head that is not whole, and nothing from a fault on.

        A direction with a message that is too big is still followed, so that its Close frame is seen.
        """
        if self._head:
            data, self._head = self._head + data, b""
        at, end = 0, len(data)
        until = end if self.fault is None else 0
        while at < end and self.code is None and self.fault != PROTOCOL_ERROR:
            if self._left:
                taken = min(self._left, end - at)
                if self._opcode == _CLOSE and len(self._code) < 2:
                    self._code += data[at : at + min(taken, 2 - len(self._code))]
                self._left -= taken
                at += taken
                if not self._left and self._opcode == _CLOSE:
                    self._closed()
                continue
            size = _head_size(data, at, end)
            if size is None or at + size > end:
                self._head = data[at:]
                break
            fault = self._begin(data, at, size)
            if fault is not None and self.fault is None:
                self.fault, until = fault, at
            at += size
        until = min(at, until)
        return data if until == end else data[:until]

    def _begin(self, data: bytes, at: int, size: int) -> int | None:
        """A frame with the head `data[at : at + size]`; the close code when it may not be."""
        first, second = data[at], data[at + 1]
        masked, length = second >= 0x80, second & 0x7F
        if length == 126:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
        elif length == 127:
            length = int.from_bytes(data[at + 2 : at + 10], "big")
        final, opcode = first >= 0x80, first & 0x0F
        if masked is not self.masked or 2 < opcode < _CLOSE or opcode > 10:
            return PROTOCOL_ERROR
        if opcode >= _CLOSE:
            if not final or length > _CONTROL_MOST:
                return PROTOCOL_ERROR
        else:
            self._message = length if opcode != _CONTINUATION else self._message + length
            self.messages += final
        self._opcode, self._left = opcode, length
        if opcode == _CLOSE:
            self._mask, self._code = data[at + size - 4 : at + size] if masked else b"\0\0\0\0", b""
            if not length:
                self._closed()
        return TOO_BIG if self._message > self._limit else None

    def _closed(self) -> None:
        code = bytes(a ^ b for a, b in zip(self._code, self._mask, strict=False))
        self.code = int.from_bytes(code, "big") if len(code) == 2 else NO_CODE


def _head_size(data: bytes, at: int, end: int) -> int | None:
    """Bytes of the head that begins there; None when too few have come to know."""
    if end - at < 2:
        return None
    second = data[at + 1]
    length = second & 0x7F
    return 2 + (2 if length == 126 else 8 if length == 127 else 0) + (4 if second >= 0x80 else 0)


def close_frame(code: int, reason: str, *, masked: bool) -> bytes:
    """A Close frame.  `reason`: at most 123 bytes.

    >>> close_frame(1001, "", masked=False).hex()
    '880203e9'
    """
    payload = code.to_bytes(2, "big") + reason.encode()
    if not masked:
        return bytes((0x80 | _CLOSE, len(payload))) + payload
    mask = os.urandom(4)
    covered = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return bytes((0x80 | _CLOSE, 0x80 | len(payload))) + mask + covered
