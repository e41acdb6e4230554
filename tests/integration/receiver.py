"""Where webhooks go in tests: an HTTP receiver with named behaviours, a mail server, and checks of what arrived.

    with Receiver() as receiver:
        receiver.on("/hook", receiver.fail_first(2, 503))
        receiver.url("/hook")
        receiver.requests("/hook")        # [Hook(path, headers, body, at, wall), ...]
"""

import base64
import collections
import contextlib
import hashlib
import hmac
import http.server
import json
import socket
import socketserver
import ssl
import threading
import time

Hook = collections.namedtuple("Hook", "path headers body at wall")


def check_signature(hook, secret, tolerance=300):
    """The Standard Webhooks check and the contract's own, written from their texts; raises when either fails."""
    identity, timestamp = hook.headers["webhook-id"], hook.headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > tolerance:
        raise AssertionError(f"timestamp {timestamp} is not of now")
    key = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(key + "=" * (-len(key) % 4), validate=True)
    except ValueError:
        key = key.encode()
    signed = f"{identity}.{timestamp}.".encode() + hook.body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(expected, one) for one in hook.headers["webhook-signature"].split(" ")):
        raise AssertionError(f"webhook-signature {hook.headers['webhook-signature']} is not {expected}")
    own = "sha256=" + hmac.new(secret.encode(), hook.body, hashlib.sha256).hexdigest()
    if hook.headers["x-webhook-signature"] != own:
        raise AssertionError(f"X-Webhook-Signature {hook.headers['x-webhook-signature']} is not {own}")
    if hook.headers["x-webhook-secret"] != secret or hook.headers["x-webhook-id"] != identity:
        raise AssertionError("secret or id are not what they should be")


class Receiver:
    """Keeps every request; answers 200 unless told otherwise. Every method may be called from any thread."""

    def __init__(self, port=0):
        self._lock = threading.Lock()
        self._behaviours = {}
        self._requests = collections.defaultdict(list)
        self.released = threading.Event()

        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def do_POST(self):
                outer._serve(self)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass

        self._server = Quiet(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        self._thread.start()
        return self

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def on(self, path, behaviour):
        with self._lock:
            self._behaviours[path] = behaviour
        return self.url(path)

    def requests(self, path):
        with self._lock:
            return list(self._requests[path])

    def _serve(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        path = handler.path
        with self._lock:
            self._requests[path].append(Hook(path, headers, body, time.monotonic(), time.time()))
            number = len(self._requests[path])
            behaviour = self._behaviours.get(path)
        with contextlib.suppress(OSError):
            (behaviour or self.status(200))(handler, number)

    # -- behaviours: called with the handler and the number of the request at this path ------------------------------

    @staticmethod
    def status(code, body=b"", headers=()):
        def answer(handler, _):
            handler.send_response(code)
            for name, value in headers:
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        return answer

    def fail_first(self, count, failure):
        """`failure` for the first requests, then 200. A number is a status, a callable another behaviour."""
        failing = failure if callable(failure) else self.status(failure)
        return lambda handler, number: (failing if number <= count else self.status(200))(handler, number)

    def hang(self, handler, _):
        """Never answers, until the receiver closes."""
        self.released.wait(60)
        handler.close_connection = True

    def drip(self, handler, _):
        """A byte of the head now and then."""
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
            handler.connection.sendall(bytes([byte]))
            if self.released.wait(0.1):
                break
        handler.close_connection = True

    def die(self, handler, _):
        """Closes the connection without an answer."""
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)


class MailServer:
    """An SMTP server that keeps what it is given. `login`: (user, password) it asks for. `certificate`: a PEM file with
    key and certificate; then STARTTLS is offered and everything before it refused. `answers`: replies to the end of
    DATA, one for each message, then 250."""

    def __init__(self, login=None, certificate=None, answers=()):
        self.login, self.certificate, self.answers = login, certificate, list(answers)
        self.messages = []  # (from, [to], text, was it encrypted)
        self.logins = []
        self.lock = threading.Lock()
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError, ValueError):
                    outer._talk(self.request)

        class Quiet(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, connection):
        connection.settimeout(20)
        stream = connection.makefile("rb")

        def say(text):
            connection.sendall(text.encode() + b"\r\n")

        secure, logged_in, sender, recipients = False, False, None, []
        say("220 test ESMTP")
        while line := stream.readline():
            words = line.decode("ascii", "replace").strip()
            verb = words.upper()
            if verb.startswith("EHLO"):
                offers = ["STARTTLS"] if self.certificate and not secure else []
                offers += ["AUTH PLAIN LOGIN"] if self.login and (secure or not self.certificate) else []
                lines = ["test", *offers]
                for number, offer in enumerate(lines):
                    say(f"250{'-' if number + 1 < len(lines) else ' '}{offer}")
            elif verb == "STARTTLS":
                say("220 go on")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.certificate)
                connection = context.wrap_socket(connection, server_side=True)
                stream, secure = connection.makefile("rb"), True
            elif verb.startswith("AUTH PLAIN"):
                given = words[len("AUTH PLAIN"):].strip()
                if not given:
                    say("334 ")
                    given = stream.readline().decode().strip()
                _, user, password = base64.b64decode(given).decode().split("\0")
                logged_in = (user, password) == self.login
                with self.lock:
                    self.logins.append((user, password))
                say("235 welcome" if logged_in else "535 wrong")
            elif self.certificate and not secure:
                say("530 STARTTLS first")
            elif self.login and not logged_in and verb.startswith("MAIL"):
                say("530 log in first")
            elif verb.startswith("MAIL FROM:"):
                sender, recipients = words[10:].strip().split(" ")[0].strip("<>"), []
                say("250 fine")
            elif verb.startswith("RCPT TO:"):
                recipients.append(words[8:].strip().strip("<>"))
                say("250 fine")
            elif verb == "DATA":
                say("354 go on")
                text = b""
                while (line := stream.readline()) not in (b".\r\n", b""):
                    text += line[1:] if line.startswith(b"..") else line
                with self.lock:
                    answer = self.answers.pop(0) if self.answers else "250 kept"
                    if answer.startswith("250"):
                        self.messages.append((sender, recipients, text, secure))
                say(answer)
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 fine")


def body_of(hook):
    return json.loads(hook.body)
