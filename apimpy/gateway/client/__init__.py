"""An HTTP/1.1 client that does what a gateway needs and nothing else: the `Transport` port.

It is no general client: no cookies, redirects, decompression or headers of its own; a request goes out as it is.  That
makes it several times cheaper than one that has these.  What is hard about HTTP is left to libraries: parsing to
httptools (llhttp), choosing among addresses to aiohappyeyeballs, TLS to the event loop.

A request goes through `transport` (what to send, on which connection) and `wire` (its bytes); `connecting` opens a
connection when none is kept.  What comes back goes through `connection` (one socket, one request at a time), which
feeds an `arrival`: the head, then the body piece by piece, at the pace of its reader.  A connection that a server has
switched to another protocol is a `tunnel`.
"""

from apimpy.gateway.client.transport import HttpTransport

__all__ = ["HttpTransport"]
