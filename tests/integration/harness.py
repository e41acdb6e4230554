"""Starts the real meter-server and talks to it; every answer is checked against the contract (see spec.py).

    with harness.Server() as server:
        client = server.client(server.new_key(account="shop"))
        strategy = client.post("/api/strategies/generate", {...}, expect=201).json

METER_SERVER names the binary (default build/dev/bin/meter-server), METER_KEEP=1 keeps the temporary folders.
"""

import atexit
import collections
import contextlib
import functools
import http.client
import io
import itertools
import json as jsonlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import fixture_site
import spec as contract

BINARY = pathlib.Path(os.environ.get("METER_SERVER", contract.PROJECT / "build" / "dev" / "bin" / "meter-server"))
# A sanitizer keeps freed memory for a while: what such a server's memory does says nothing about the product.
SANITIZED = b"__asan_init" in BINARY.read_bytes() if BINARY.is_file() else False
UNLIMITED = ("--rate-limit-default", "1000000000", "--rate-limit-generation", "1000000000")
QUICK_LEASES = ("--jobs-lease-seconds", "1", "--jobs-sweep-seconds", "1")
UNKNOWN_ID = "00000000-0000-7000-8000-000000000000"
NOTHING = object()

ApiKey = collections.namedtuple("ApiKey", "secret prefix")


@functools.lru_cache(maxsize=None)
def the_spec():
    return contract.Spec()


def eventually(condition, deadline=15.0, what="the condition"):
    """Polls until `condition()` is true and returns its value; fails after `deadline` seconds."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {deadline:g} s (last: {value!r})")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    """One HTTP answer. Header names are in lower case."""

    def __init__(self, status, headers, body, sent_at):
        self.status = status
        self.headers = {}
        for name, value in headers:
            known = self.headers.get(name.lower())
            self.headers[name.lower()] = value if known is None else f"{known}, {value}"
        self.body = body
        self.sent_at = sent_at

    @functools.cached_property
    def json(self):
        return contract.strict_json(self.body)

    @property
    def detail(self):
        return self.json["detail"]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class LentStream(io.BufferedReader):
    """What an HTTPResponse reads from; outlives it, so that the next pipelined answer can be read."""

    def makefile(self, *_):
        return self

    def close(self):
        pass


class Client:
    """Requests with one key. Safe from any thread: each request has its own connection."""

    def __init__(self, server, key=None):
        self.server = server
        self.key = key.secret if isinstance(key, ApiKey) else key

    def request(self, method, target, json=NOTHING, body=None, headers=(), expect=None, timeout=60, key=NOTHING,
                content_type="application/json"):
        """Sends one request. `json` is encoded, `body` (bytes) is sent as it is; `expect` is a status or several."""
        if json is not NOTHING:
            body = jsonlib.dumps(json, ensure_ascii=False).encode()
        secret = self.key if key is NOTHING else key
        sent = [("Authorization", f"Bearer {secret}")] if secret else []
        if body is not None and content_type:
            sent.append(("Content-Type", content_type))
        sent += list(headers.items() if isinstance(headers, dict) else headers)
        answer = self._exchange(method, target, body, sent, timeout)
        self.server.judge(method, target, answer)
        if expect is not None:
            statuses = (expect,) if isinstance(expect, int) else tuple(expect)
            if answer.status not in statuses:
                raise AssertionError(f"{method} {target[:200]} answered {answer.status}, not {statuses}: "
                                     f"{answer.body[:600]!r}")
        return answer

    def _exchange(self, method, target, body, headers, timeout):
        sent_at = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
        try:
            connection.connect()
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None and not any(name.lower() in ("content-length", "transfer-encoding")
                                            for name, _ in headers):
                connection.putheader("Content-Length", str(len(body)))
            # A server that refuses early may close while we still send; its answer is read all the same.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read(), sent_at)
        finally:
            connection.close()

    def get(self, target, **options):
        return self.request("GET", target, **options)

    def post(self, target, json=NOTHING, **options):
        return self.request("POST", target, json=json, **options)

    def patch(self, target, json=NOTHING, **options):
        return self.request("PATCH", target, json=json, **options)

    def delete(self, target, **options):
        return self.request("DELETE", target, **options)

    # -- what most tests begin with -----------------------------------------------------------------------------

    def generate(self, url, plan=NOTHING, expect=201, headers=(), **members):
        body = {"url": url, "description": "Products", "name": "Shop",
                "strategy": fixture_site.SHOP_PLAN if plan is NOTHING else plan, **members}
        return self.post("/api/strategies/generate", body, expect=expect, headers=headers)

    def strategy(self, url, plan=NOTHING, **members):
        """Makes a strategy and returns it."""
        return self.generate(url, plan, **members).json

    def execute(self, strategy, url, expect=200, **members):
        """Runs a job to its end and returns it."""
        body = {"strategy_id": strategy["strategy_id"], "url": url, **members}
        return self.post("/api/jobs/execute", body, expect=expect).json

    def job(self, strategy, url, **members):
        """Queues a job and returns the short answer."""
        return self.post("/api/jobs", {"strategy_id": strategy["strategy_id"], "url": url, **members}, expect=201).json

    def batch(self, strategy, urls, **members):
        return self.post("/api/jobs", {"strategy_id": strategy["strategy_id"], "urls": urls, **members},
                         expect=201).json

    def get_job(self, job_id):
        return self.get(f"/api/jobs/{job_id}", expect=200).json

    def wait_job(self, job_id, deadline=30.0):
        def ended():
            job = self.get_job(job_id)
            return job if job["status"] in ("completed", "failed") else None
        return eventually(ended, deadline, f"the end of job {job_id}")

    def wait_running(self, job_id, deadline=15.0):
        return eventually(lambda: self.get_job(job_id)["status"] == "running", deadline, f"start of job {job_id}")

    def wait_batch(self, batch_id, deadline=60.0):
        def ended():
            progress = self.get(f"/api/jobs/batch/{batch_id}", expect=200).json
            return progress if progress["status"] in ("completed", "failed") else None
        return eventually(ended, deadline, f"the end of batch {batch_id}")


class Server:
    """One meter-server process on a free loopback port, with a store in a temporary folder.

    `options` are further command-line options of `serve`. `rate_limits` false: the buckets are off.
    """

    bootstrap_key = "sk_live_" + "Bootstrap0" * 4

    def __init__(self, *options, allow_private=True, rate_limits=True, folder=None, env=None, bootstrap=True):
        self.options = list(options)
        self.allow_private = allow_private
        self.rate_limits = rate_limits
        self.cross_origin = "--cors-allow-origins" in options
        self.env = dict(env or {})
        self.bootstrap = bootstrap
        self.own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="meter-it-"))
        self.store = f"sqlite:{self.folder / 'meter.db'}"
        self.process = None
        self.port = None
        self.log_path = self.folder / "server.log"
        self.strict = True  # False: answers are recorded by nobody and judged by nobody

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    # -- the process --------------------------------------------------------------------------------------------

    def start(self, wait=True):
        if not BINARY.exists():
            raise unittest.SkipTest(f"there is no server at {BINARY}; build it or set METER_SERVER")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("METER_")}
        environment.update(self.env)
        if self.bootstrap:
            environment["METER_BOOTSTRAP_KEY"] = self.bootstrap_key
        self.port = free_port()
        command = [str(BINARY), "serve", "--listen", f"127.0.0.1:{self.port}", "--store", self.store]
        command += ["--allow-private-networks"] if self.allow_private else []
        with open(self.log_path, "ab") as log:
            # SIGXFSZ stays ignored in the child (restore_signals): a write over RLIMIT_FSIZE must fail, not kill.
            self.process = subprocess.Popen(command + self.options, stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, env=environment, cwd=self.folder,
                                            restore_signals=False)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, deadline=30.0):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
            try:
                return self.client().get("/readyz").status == 200
            except (ConnectionError, http.client.HTTPException, socket.timeout):
                return False
        eventually(ready, deadline, "readiness of the server")

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout=20.0):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def restart(self):
        self.terminate()
        return self.start()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.own_folder and not os.environ.get("METER_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self, characters=4000):
        return self.log_path.read_text(errors="replace")[-characters:] if self.log_path.exists() else ""

    def command(self, *arguments, check=True, timeout=60):
        """Runs another sub-command of the binary; returns the finished process with text output."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("METER_")}
        done = subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, env=environment, cwd=self.folder)
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    # -- keys and clients ---------------------------------------------------------------------------------------

    def create_key(self, *options, account=None, scopes=None):
        """`meter-server keys create`; the running server sees the key within a second."""
        arguments = ["keys", "create", "--store", self.store, "--json", *options]
        arguments += ["--account", account] if account else []
        arguments += ["--scopes", scopes] if scopes else []
        output = self.command(*arguments).stdout
        found = re.findall(r'"(sk_[A-Za-z0-9_]{20,})"', output)
        if len(found) != 1:
            raise AssertionError(f"keys create --json does not show one key: {output!r}")
        jsonlib.loads(output)
        return ApiKey(found[0], found[0][:12])

    def new_key(self, *options, account=None, scopes=None):
        """A key that the running server already knows."""
        key = self.create_key(*options, account=account, scopes=scopes)
        eventually(lambda: self.client(key).get("/api/account/quota").status != 401, 3.0, "acceptance of a new key")
        return key

    def client(self, key=None):
        return Client(self, key)

    def admin(self):
        return Client(self, self.bootstrap_key)

    # -- answers ------------------------------------------------------------------------------------------------

    def judge(self, method, target, answer):
        if not self.strict:
            return
        the_spec().check(method, target, answer, self.rate_limits, self.cross_origin)
        if answer.status == 500:
            raise contract.ContractError(f"{method} {target[:200]} answered 500: {answer.body!r}\n{self.log()}")

    def raw(self, data, answers=1, timeout=20.0, method="GET", target=None, half_close=False):
        """Sends bytes as they are; returns the answers that came before the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for piece in [data] if isinstance(data, bytes) else data:
                    connection.sendall(piece)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            stream = LentStream(socket.SocketIO(connection, "r"))
            found = [answer for answer in (self._read_answer(stream, method) for _ in range(answers)) if answer]
        for answer in found:
            if target is not None:
                self.judge(method, target, answer)
        return found

    @staticmethod
    def _read_answer(stream, method):
        response = http.client.HTTPResponse(stream, method=method)
        try:
            response.begin()
            return Answer(response.status, response.getheaders(), response.read(), time.monotonic())
        except (http.client.HTTPException, ConnectionError):
            return None


class Shared:
    """The server and the site that most tests use; made at first use, ended with the process."""

    _lock = threading.Lock()
    _server = None
    _site = None
    _accounts = itertools.count(1)

    @classmethod
    def server(cls):
        with cls._lock:
            if cls._server is None:
                server = Server(*UNLIMITED)
                server.start()
                cls._server = server
                atexit.register(server.close)
            return cls._server

    @classmethod
    def site(cls):
        with cls._lock:
            if cls._site is None:
                cls._site = fixture_site.FixtureSite()
                cls._site.start()
            return cls._site

    @classmethod
    def account(cls, name):
        return f"{name.lower()}-{next(cls._accounts)}"


class MeterCase(unittest.TestCase):
    """A test class with a server, a site and an account of its own.

    With `server_options` the class gets its own server, otherwise it shares one with others: pages and strategies
    are then kept apart by account and by path.
    """

    maxDiff = 4000
    server_options = None
    server_arguments = {}

    @classmethod
    def setUpClass(cls):
        cls.site = Shared.site()
        if cls.server_options is None and not cls.server_arguments:
            cls.server = Shared.server()
        else:
            options = cls.server_options or ()
            limited = any(option.startswith("--rate-limit") for option in options)
            cls.server = Server(*(() if limited else UNLIMITED), *options, **cls.server_arguments)
            cls.addClassCleanup(cls.server.close)
            cls.server.start()
        cls.account = Shared.account(cls.__name__)
        cls.key = cls.server.new_key(account=cls.account)
        cls.client = cls.server.client(cls.key)
        cls._paths = itertools.count(1)

    def tearDown(self):
        if not self.server.alive() and not getattr(self, "server_may_be_dead", False):
            log = self.server.log()
            self.server.start()
            self.fail(f"the server ended during this test:\n{log}")

    def path(self, suffix=""):
        """A path of the site that no other test uses."""
        return f"/t/{self.account}/{next(self._paths)}{suffix}"

    def page(self, body, *rest, **options):
        """Serves a page at a path of its own; returns its URL."""
        return self.site.page(self.path(), body, *rest, **options)

    def other_client(self, **options):
        """A client of another account."""
        return self.server.client(self.server.new_key(account=Shared.account("other"), **options))

    def run_plan(self, body, plan, content_type="text/html; charset=utf-8", **members):
        """Serves a page, makes a strategy on it, runs one job: the job."""
        url = self.page(body, content_type)
        return self.client.execute(self.client.strategy(url, plan, **members), url)

    def items_of(self, body, plan, content_type="text/html; charset=utf-8", **members):
        job = self.run_plan(body, plan, content_type, **members)
        self.assertEqual(job["status"], "completed", job["error"])
        return job["results"]

    def assert_error(self, answer, status, detail=None, code=None):
        self.assertEqual(answer.status, status, answer)
        if detail is not None:
            self.assertEqual(answer.detail, detail)
        if code is not None:
            told = answer.json.get("error", answer.json)  # in the automation dialect it is inside `error`
            self.assertEqual(told.get("code"), code, answer)

    def assert_failed(self, job, error):
        self.assertEqual(job["status"], "failed", job)
        for member in ("results", "item_count", "content_hash", "structural_signature", "has_changes"):
            self.assertIsNone(job[member], member)
        self.assertIsNotNone(job["completed_at"])
        if hasattr(error, "search"):
            self.assertRegex(job["error"], error)
        else:
            self.assertEqual(job["error"], error)
