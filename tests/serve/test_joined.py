"""An answer leaves in one write."""

import asyncio

import pytest

pytest.importorskip("httptools")

from tastemaker.serve.joined import Joined


class Wire:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def after_a_round(*said: bytes | None) -> Wire:
    """What was on the wire when the loop had gone round once. None = the transport is closed."""
    wire = Wire()

    async def speak() -> None:
        joined = Joined(wire, asyncio.get_running_loop())
        for one in said:
            joined.close() if one is None else joined.write(one)
        assert joined.is_closing() == wire.closed
        await asyncio.sleep(0)

    asyncio.run(speak())
    return wire


def test_head_and_body_are_one_write() -> None:
    assert after_a_round(b"HTTP/1.1 200 OK\r\n\r\n", b"body", b"more").written == [
        b"HTTP/1.1 200 OK\r\n\r\nbody",
        b"more",
    ]


def test_a_head_without_a_body_leaves_at_the_end_of_the_round() -> None:
    assert after_a_round(b"HTTP/1.1 204 No Content\r\n\r\n").written == [b"HTTP/1.1 204 No Content\r\n\r\n"]
    assert after_a_round(b"HTTP/1.1 200 OK\r\n\r\n", b"").written == [b"HTTP/1.1 200 OK\r\n\r\n"]


def test_nothing_is_lost_where_the_connection_is_closed_at_once() -> None:
    wire = after_a_round(b"HTTP/1.1 200 OK\r\n\r\n", None)
    assert (wire.written, wire.closed) == ([b"HTTP/1.1 200 OK\r\n\r\n"], True)
    assert after_a_round(b"HTTP/1.1 200 OK\r\n\r\n", b"x", None).written == [b"HTTP/1.1 200 OK\r\n\r\nx"]


def test_two_answers_of_a_round_keep_their_order() -> None:
    said = (b"HTTP/1.1 200 OK\r\n\r\n", b"first", b"HTTP/1.1 200 OK\r\n\r\n", b"second")
    assert b"".join(after_a_round(*said).written) == b"".join(said)
