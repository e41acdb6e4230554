"""A loopback site of named misbehaviours on the wire: what no HTTP library would send.

    with HostileSite() as site:
        site.url("half-body")     # "http://127.0.0.1:PORT/half-body"

Each method `do_NAME` (underscores for dashes) is one misbehaviour; it gets the connection after the request was read.
"""

import contextlib
import gzip
import socket
import struct
import threading

PAGE = b'<ul><li class="product"><h2>Product A</h2><span class="price">$19.99</span></li></ul>'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


class HostileSite:
    def __init__(self, host="127.0.0.1"):
        self._listener = socket.create_server((host, 0), backlog=256)
        self.host, self.port = host, self._listener.getsockname()[1]
        self._closing = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._listener.close()

    def url(self, name, scheme="http"):
        return f"{scheme}://{self.host}:{self.port}/{name}"

    @classmethod
    def names(cls):
        return sorted(name[3:].replace("_", "-") for name in dir(cls) if name.startswith("do_"))

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
                if head[:1] == b"\x16":  # a TLS handshake, and nobody answers
                    self._closing.wait(60)
                    return
            name = head.split(b" ")[1].decode("latin-1").strip("/").split("?")[0].replace("-", "_")
            getattr(self, "do_" + name)(connection)

    def _repeat(self, connection, piece, pause=0.0):
        """Sends it for as long as somebody listens."""
        while not self._closing.wait(pause):
            connection.sendall(piece)

    # -- the connection -----------------------------------------------------------------------------------------

    def do_close_at_once(self, connection):
        pass

    def do_reset_at_once(self, connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def do_never_answers(self, connection):
        self._closing.wait(60)

    def do_half_head(self, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Ty")

    def do_half_body(self, connection):
        connection.sendall(OK + b"Content-Length: 5000\r\n\r\n" + PAGE)

    def do_half_chunk(self, connection):
        connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n1000\r\n" + PAGE)

    def do_reset_in_body(self, connection):
        connection.sendall(OK + b"Content-Length: 5000\r\n\r\n" + PAGE)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    # -- the head -----------------------------------------------------------------------------------------------

    def do_no_http(self, connection):
        connection.sendall(b"220 mail.test ESMTP ready\r\n")

    def do_bare_page(self, connection):
        connection.sendall(PAGE)  # HTTP/0.9

    def do_status_of_letters(self, connection):
        connection.sendall(b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n")

    def do_http_7(self, connection):
        connection.sendall(b"HTTP/7.3 200 OK\r\nContent-Length: 0\r\n\r\n")

    def do_status_999(self, connection):
        connection.sendall(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n")

    def do_many_headers(self, connection):
        connection.sendall(OK + b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + b"\r\n" + PAGE)

    def do_long_header(self, connection):
        connection.sendall(OK + b"X-Long: " + b"y" * 400_000 + b"\r\n\r\n" + PAGE)

    def do_endless_headers(self, connection):
        connection.sendall(OK)
        self._repeat(connection, b"X-More: " + b"y" * 8000 + b"\r\n")

    def do_dripping_headers(self, connection):
        connection.sendall(OK)
        self._repeat(connection, b"X: y\r\n", 0.2)

    def do_endless_interim_answers(self, connection):
        self._repeat(connection, b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")

    def do_two_lengths(self, connection):
        connection.sendall(OK + b"Content-Length: 20\r\nContent-Length: 90000\r\n\r\n" + PAGE)

    def do_negative_length(self, connection):
        connection.sendall(OK + b"Content-Length: -5\r\n\r\n" + PAGE)

    def do_length_of_letters(self, connection):
        connection.sendall(OK + b"Content-Length: many\r\n\r\n" + PAGE)

    def do_nul_in_header(self, connection):
        connection.sendall(OK + b"X: a\0b\r\n\r\n" + PAGE)

    # -- the body -----------------------------------------------------------------------------------------------

    def do_announces_a_terabyte(self, connection):
        connection.sendall(OK + b"Content-Length: 1099511627776\r\n\r\n" + PAGE)
        self._closing.wait(60)

    def do_endless_body(self, connection):
        connection.sendall(OK + b"\r\n")
        self._repeat(connection, b"<p>" + b"word " * 4000)

    def do_endless_chunks(self, connection):
        connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        self._repeat(connection, b"1000\r\n" + b"x" * 4096 + b"\r\n")

    def do_dripping_body(self, connection):
        connection.sendall(OK + b"Content-Length: 100000\r\n\r\n")
        self._repeat(connection, b"x", 0.1)

    def do_bad_chunk_size(self, connection):
        connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + PAGE + b"\r\n0\r\n\r\n")

    def do_huge_chunk_size(self, connection):
        connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n" + PAGE)

    def do_endless_trailers(self, connection):
        connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n")
        self._repeat(connection, b"X-Trailer: " + b"y" * 1000 + b"\r\n")

    def do_no_gzip(self, connection):
        connection.sendall(OK + b"Content-Encoding: gzip\r\n\r\n" + PAGE)

    def do_half_gzip(self, connection):
        packed = gzip.compress(PAGE * 50)[:40]
        connection.sendall(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)

    def do_gzip_of_gzip(self, connection):
        packed = gzip.compress(gzip.compress(b" " * (64 << 20)))
        connection.sendall(OK + b"Content-Encoding: gzip, gzip\r\n\r\n" + packed)

    def do_twenty_encodings(self, connection):
        connection.sendall(OK + b"Content-Encoding: " + b", ".join([b"gzip"] * 20) + b"\r\n\r\n" + PAGE)

    def do_gzip_bomb(self, connection):
        connection.sendall(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * (64 << 20)))

    # -- redirects ----------------------------------------------------------------------------------------------

    def _redirect(self, connection, where, status=302):
        connection.sendall(b"HTTP/1.1 %d Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % (status, where))

    def do_redirect_to_itself(self, connection):
        self._redirect(connection, b"/redirect-to-itself")

    def do_redirect_growing(self, connection):
        self._redirect(connection, b"/redirect-growing?" + b"x" * 3000)

    def do_redirect_to_a_file(self, connection):
        self._redirect(connection, b"file:///etc/passwd")

    def do_redirect_to_gopher(self, connection):
        self._redirect(connection, b"gopher://127.0.0.1:1/_x", 301)

    def do_redirect_to_javascript(self, connection):
        self._redirect(connection, b"javascript:alert(1)", 307)

    def do_redirect_to_nothing(self, connection):
        self._redirect(connection, b"http://")

    def do_redirect_nowhere(self, connection):
        connection.sendall(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")

    def do_redirect_with_endless_body(self, connection):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /never-answers\r\n\r\n")
        self._repeat(connection, b"x" * 65536)
