"""Requests of which two servers in a row may see different ends, and so a hidden one between.

RFC 9112, sections 5 and 6; James Kettle, "HTTP Desync Attacks" (2019), "HTTP/2: The Sequel is
Always Worse" (2021), "Browser-Powered Desync Attacks" (2022); Ben Kallus, chunk extensions (2025).

{hidden} stands for the smuggled request, {size} for its length in hex, {length} for
the length of all that comes after the headers.
"""

HEAD = "POST /api/v1/products/ HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {outer}\r\n"
CHUNKED_END = "0\r\n\r\n{hidden}"

REFUSED: dict[str, str] = {
    "CL.TE": "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED_END,
    "TE.CL": (
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{size}\r\n{hidden}\r\n0\r\n\r\n"
    ),
    "two lengths, short first": "Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{hidden}",
    "two lengths, long first": "Content-Length: {length}\r\nContent-Length: 0\r\n\r\n{hidden}",
    "two lengths in one": "Content-Length: 0, {length}\r\n\r\n{hidden}",
    "a length with a sign": "Content-Length: +0\r\n\r\n{hidden}",
    "a negative length": "Content-Length: -1\r\n\r\n{hidden}",
    "a length in hex": "Content-Length: 0x0\r\n\r\n{hidden}",
    "a length with an underscore": "Content-Length: 0_0\r\n\r\n{hidden}",
    "a length with a point": "Content-Length: 0.0\r\n\r\n{hidden}",
    "a length beyond 64 bits": "Content-Length: 18446744073709551616\r\n\r\n{hidden}",
    "an empty length": "Content-Length: \r\n\r\n{hidden}",
    "a length of other digits": "Content-Length: \u0660\r\n\r\n{hidden}",
    "a space before the colon": "Transfer-Encoding : chunked\r\n\r\n" + CHUNKED_END,
    "a tab before the colon": "Transfer-Encoding\t: chunked\r\n\r\n" + CHUNKED_END,
    "a space before the colon of the length": "Content-Length : {length}\r\n\r\n{hidden}",
    "a name with a space": "Transfer Encoding: chunked\r\n\r\n" + CHUNKED_END,
    "a name with an underscore": "Transfer_Encoding: chunked\r\n\r\n" + CHUNKED_END,
    "an unknown coding": "Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED_END,
    "identity": "Transfer-Encoding: identity\r\nContent-Length: {length}\r\n\r\n{hidden}",
    "chunked, then identity": "Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED_END,
    "chunked in two headers": (
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + CHUNKED_END
    ),
    "chunked twice": "Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKED_END,
    "chunked in quotes": 'Transfer-Encoding: "chunked"\r\n\r\n' + CHUNKED_END,
    "chunked with a vertical tab": "Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKED_END,
    "chunked with a NUL": "Transfer-Encoding: chunked\x00\r\n\r\n" + CHUNKED_END,
    "chunked with a form feed": "Transfer-Encoding:\x0cchunked\r\n\r\n" + CHUNKED_END,
    "chunked with a parameter": "Transfer-Encoding: chunked;q=1\r\n\r\n" + CHUNKED_END,
    "a folded coding with a length": (
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: {length}\r\n\r\n" + CHUNKED_END
    ),
    "a line without a colon": "Transfer-Encoding\r\n\r\n" + CHUNKED_END,
    "an empty name": ": chunked\r\n\r\n" + CHUNKED_END,
    "a bare CR before the coding": "\rTransfer-Encoding: chunked\r\n\r\n" + CHUNKED_END,
    "a NUL in a value": "X-A: a\x00b\r\nContent-Length: {length}\r\n\r\n{hidden}",
    "a chunk size with a sign": "Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n{hidden}",
    "a chunk size in 0x": "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{hidden}",
    "a chunk size with an underscore": "Transfer-Encoding: chunked\r\n\r\n0_0\r\n\r\n{hidden}",
    "an empty chunk size": "Transfer-Encoding: chunked\r\n\r\n\r\n\r\n{hidden}",
    "a chunk size beyond 64 bits": (
        "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n{hidden}"
    ),
    "a chunk longer than it says": (
        "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n{hidden}"
    ),
    "a chunk that ends without CRLF": "Transfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n{hidden}",
    "a chunk extension that ends with LF": (
        "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n{hidden}"
    ),
    "a chunk size that ends with LF": "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n{hidden}",
    "a chunk size that ends with CR": "Transfer-Encoding: chunked\r\n\r\n1\ra\r\n0\r\n\r\n{hidden}",
    "HTTP/1.0 with chunks": "Transfer-Encoding: chunked\r\n\r\n" + CHUNKED_END,
    "HTTP/1.2": "Content-Length: {length}\r\n\r\n{hidden}",
}
"""After these the connection must be closed: nobody can say what the rest of it means."""

# The request line where it is not that of HEAD.
VERSIONS = {"HTTP/1.0 with chunks": "HTTP/1.0", "HTTP/1.2": "HTTP/1.2"}

READ_IN_ONE_WAY: dict[str, str] = {
    "a folded header (obs-fold)": (
        "X-A: 1\r\n Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n{hidden}"
    ),
    "a bare CR in a value, which is dropped": (
        "X-A: a\rTransfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n{hidden}"
    ),
    "lines that end with LF": "Content-Length: {length}\n\n{hidden}",
    "a chunk extension": "Transfer-Encoding: chunked\r\n\r\n{size};a=b\r\n{hidden}\r\n0\r\n\r\n",
    "a quoted chunk extension": (
        'Transfer-Encoding: chunked\r\n\r\n{size};a="\\r\\n0"\r\n{hidden}\r\n0\r\n\r\n'
    ),
    "a trailer that names a length": (
        "Transfer-Encoding: chunked\r\n\r\n{size}\r\n{hidden}\r\n0\r\nContent-Length: 5\r\n\r\n"
    ),
    "upper case": "TRANSFER-ENCODING: CHUNKED\r\n\r\n{size}\r\n{hidden}\r\n0\r\n\r\n",
    "leading zeros of a chunk": (
        "Transfer-Encoding: chunked\r\n\r\n0000{size}\r\n{hidden}\r\n0\r\n\r\n"
    ),
    "the same length twice": "Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{hidden}",
    "a length with leading zeros": "Content-Length: 000{length}\r\n\r\n{hidden}",
    "an upgrade to HTTP/2": (
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        "Content-Length: {length}\r\n\r\n{hidden}"
    ),
    "an upgrade to WebSocket": (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: {length}\r\n\r\n{hidden}"
    ),
    "an expectation": "Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n{hidden}",
}
"""These may be refused, or read; but then the hidden request is a body, for every server."""

# HTTP/2 says where a body ends by frames; a translation to HTTP/1.1 must not say it otherwise.
OVER_HTTP2: dict[str, list[tuple[bytes, bytes]]] = {
    "h2.CL, too short": [(b"content-length", b"0")],
    "h2.CL, too long": [(b"content-length", b"99999")],
    "h2.CL, twice": [(b"content-length", b"0"), (b"content-length", b"{length}")],
    "h2.CL, a list": [(b"content-length", b"0, {length}")],
    "h2.TE": [(b"transfer-encoding", b"chunked")],
    "h2.TE in another case": [(b"Transfer-Encoding", b"chunked")],
    "h2.TE behind a line end in a value": [(b"x-a", b"1\r\ntransfer-encoding: chunked")],
    "h2.TE behind a line end in a name": [(b"x-a: 1\r\ntransfer-encoding", b"chunked")],
    "h2.TE behind a bare LF": [(b"x-a", b"1\ntransfer-encoding: chunked")],
    "h2.TE behind a bare CR": [(b"x-a", b"1\rtransfer-encoding: chunked")],
    "h2.TE behind a colon in the name": [(b"transfer-encoding:", b"chunked")],
    "h2.TE behind a space in the name": [(b"transfer-encoding ", b"chunked")],
    "h2.TE behind a NUL": [(b"x-a", b"1\x00\r\ntransfer-encoding: chunked")],
    "a request in a header": [(b"x-a", b"1\r\n\r\n{hidden}")],
    "connection": [(b"connection", b"transfer-encoding")],
    "keep-alive": [(b"keep-alive", b"timeout=5")],
    "upgrade": [(b"upgrade", b"h2c")],
    "te": [(b"te", b"chunked")],
    "an empty name": [(b"", b"chunked")],
    "a name with an underscore": [(b"transfer_encoding", b"chunked")],
}
# The pseudo-headers may carry a line end as well; they become the request line.
PSEUDO_OVER_HTTP2: dict[str, tuple[bytes, bytes]] = {
    "a request line in the path": (b":path", b"/ HTTP/1.1\r\nHost: localhost\r\n\r\n{hidden}"),
    "a space in the path": (b":path", b"/ HTTP/1.1 /x"),
    "a line end in the path": (b":path", b"/api/v1/products/\r\ntransfer-encoding: chunked"),
    "a request line in the method": (b":method", b"POST / HTTP/1.1\r\nHost: x\r\n\r\nPOST"),
    "a space in the method": (b":method", b"POST /.ramet/ready HTTP/1.1"),
    "a line end in the authority": (b":authority", b"localhost\r\ntransfer-encoding: chunked"),
    "a line end in the scheme": (b":scheme", b"http\r\ntransfer-encoding: chunked"),
}
