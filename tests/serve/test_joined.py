"""An answer leaves in one write."""

import asyncio
import socket
from itertools import islice

import pytest

pytest.importorskip("httptools")
uvicorn = pytest.importorskip("uvicorn")

from tastemaker.serve import door  # noqa: E402
from tastemaker.serve.joined import Joined, JoinedProtocol  # noqa: E402


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


def test_views_and_several_parts_pass() -> None:
    assert after_a_round(b"HTTP/1.1 200 OK\r\n\r\n", memoryview(b"a view"), memoryview(b"another")).written == [
        b"HTTP/1.1 200 OK\r\n\r\na view",
        b"another",
    ]


def test_two_answers_of_a_round_keep_their_order() -> None:
    said = (b"HTTP/1.1 200 OK\r\n\r\n", b"first", b"HTTP/1.1 200 OK\r\n\r\n", b"second")
    assert b"".join(after_a_round(*said).written) == b"".join(said)


async def _said_to(app, request: bytes) -> bytes:
    """What a client that says nothing more is answered, by uvicorn with our protocol."""
    server = uvicorn.Server(uvicorn.Config(app, http=JoinedProtocol, log_level="error", lifespan="off", ws="none"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(request)
        writer.write_eof()
        found = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        server.should_exit = True
        await serving
    return found


@pytest.mark.parametrize(
    ("method", "body"), [("GET", b"all of it"), ("HEAD", b"")], ids=["with a body", "a head alone"]
)
def test_who_says_that_no_more_is_coming_is_answered(method: str, body: bytes) -> None:
    async def app(scope, receive, send) -> None:
        headers = [(b"content-length", b"9"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"all of it"})

    found = asyncio.run(_said_to(app, f"{method} / HTTP/1.1\r\nHost: here\r\n\r\n".encode()))
    head, _, rest = found.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert rest == body


def test_request_ids_begin_with_the_second_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "time", lambda: 1_795_327_009.7)
    ids = list(islice(door._request_ids(), 1000))
    assert len(set(ids)) == 1000
    assert {one[:8] for one in ids} == {f"{1_795_327_009:08x}"}
    assert all(door._REQUEST_ID.fullmatch(one.encode()) and len(one) == 24 for one in ids)
