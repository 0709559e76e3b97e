"""Is a port free? Asked before anything is announced."""

import socket

from ..errors import QueryError


def check_free(host: str, port: int) -> None:
    """QueryError where somebody else listens there, or nobody may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            other = port + 1 if port < 65535 else port - 1
            raise QueryError(
                f"Nothing can listen on {host}:{port} ({error.strerror}). Choose another, such as --port {other}."
            ) from None
