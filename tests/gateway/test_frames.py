"""Frames are followed however their bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apimpy.gateway.frames import GOING_AWAY, NO_CODE, PROTOCOL_ERROR, TOO_BIG, Frames, close_frame

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = False) -> bytes:
    size = len(payload)
    head = bytes([opcode | (0x80 if final else 0)])
    bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65_536:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    if masked:
        mask = b"\x01\x02\x03\x04"
        head += mask
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return head + payload


MESSAGES = [
    frame(TEXT, b"hello"),
    frame(TEXT, b""),
    frame(BINARY, bytes(126)),
    frame(BINARY, bytes(66_000)),
    frame(TEXT, b"a", final=False) + frame(PING, b"p") + frame(0, b"b", final=False) + frame(0, b"c"),
]


@given(st.lists(st.sampled_from(range(len(MESSAGES))), max_size=4), st.lists(st.integers(1, 300), max_size=12))
def test_every_cut_relays_the_same_bytes(chosen: list[int], cuts: list[int]) -> None:
    messages = [MESSAGES[n] for n in chosen]
    whole = b"".join(messages) + close_frame(GOING_AWAY, "away", masked=False)
    frames, out, at = Frames(False, 1 << 20), b"", 0
    for cut in [*cuts, len(whole)]:
        out += frames.feed(whole[at : at + cut])
        at += cut
    assert out == whole
    assert (frames.messages, frames.code, frames.fault, frames.between) == (len(messages), GOING_AWAY, None, True)


def test_a_head_is_relayed_whole() -> None:
    """Else no frame of the relay's own could stand after it."""
    frames = Frames(False, 1 << 20)
    data = frame(BINARY, bytes(300))
    relayed = []
    for byte in data:
        part = frames.feed(bytes([byte]))
        relayed.append(len(part))
        assert frames.between is (sum(relayed) in (0, len(data)))
    assert relayed == [0, 0, 0, 4] + [1] * 300


@pytest.mark.parametrize(
    ("data", "masked", "fault", "relayed"),
    [
        (frame(TEXT, bytes(100)), False, None, 102),
        (frame(TEXT, bytes(101)), False, TOO_BIG, 0),
        (frame(TEXT, b"x") + frame(TEXT, bytes(101)), False, TOO_BIG, 3),
        (frame(TEXT, bytes(60), final=False) + frame(0, bytes(60)), False, TOO_BIG, 62),
        (frame(TEXT, b"x"), True, PROTOCOL_ERROR, 0),
        (frame(TEXT, b"x", masked=True), False, PROTOCOL_ERROR, 0),
        (frame(3, b""), False, PROTOCOL_ERROR, 0),
        (frame(11, b""), False, PROTOCOL_ERROR, 0),
        (frame(PING, bytes(126)), False, PROTOCOL_ERROR, 0),
        (frame(PING, b"", final=False), False, PROTOCOL_ERROR, 0),
        (frame(TEXT, b"x") + b"\x83garbage" + frame(CLOSE, b"\x03\xe8"), False, PROTOCOL_ERROR, 3),
    ],
)
def test_rules(data: bytes, masked: bool, fault: int | None, relayed: int) -> None:
    frames = Frames(masked, 100)
    assert (len(frames.feed(data)), frames.fault, frames.between) == (relayed, fault, True)
    assert not frames.fault or frames.feed(frame(TEXT, b"x")) == b""


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(
    ("payload", "code"), [(b"", NO_CODE), (b"\x03\xe8", 1000), (b"\x10\xe1 reason", 4321), (b"\x03", NO_CODE)]
)
def test_close_codes(payload: bytes, code: int, masked: bool) -> None:
    frames = Frames(masked, 100)
    data = frame(CLOSE, payload, masked=masked)
    assert frames.feed(data + b"what comes after") == data
    assert frames.code == code


def test_a_message_that_is_too_big_hides_no_close() -> None:
    frames = Frames(False, 100)
    assert frames.feed(frame(TEXT, bytes(1000)) + frame(CLOSE, b"\x03\xf1")) == b""
    assert (frames.fault, frames.code) == (TOO_BIG, TOO_BIG)


@pytest.mark.parametrize("masked", [True, False])
def test_a_close_frame_of_our_own(masked: bool) -> None:
    frames = Frames(masked, 100)
    data = close_frame(TOO_BIG, "why", masked=masked)
    assert frames.feed(data) == data
    assert (frames.code, frames.fault) == (TOO_BIG, None)
