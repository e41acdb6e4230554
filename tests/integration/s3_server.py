"""An object store in memory that speaks what S3 speaks: path-style addresses, AWS Signature Version 4, uploads in parts.

Signatures are checked as AWS's documentation has them, by code of its own; a wrong one is refused as S3 does.

    with ObjectStore("AKID", "secret") as store:
        store.url
        store.objects["bucket/key"]      # bytes
"""

import collections
import hashlib
import hmac
import http.server
import threading
import urllib.parse
import xml.etree.ElementTree

Wrong = type("Wrong", (Exception,), {})


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _encoded(text):
    return urllib.parse.quote(text, safe="-_.~")


class ObjectStore:
    """Every member may be used from any thread."""

    def __init__(self, key_id, secret, region="us-east-1"):
        self.key_id, self.secret, self.region = key_id, secret, region
        self.objects = {}                                # "bucket/key" -> bytes
        self.uploads = {}                                # id -> (path, {number: bytes})
        self.refused = []                                # why, each time
        self.calls = collections.Counter()               # method -> how often
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def answer(self):
                outer.answer(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

    # -- one request --------------------------------------------------------------------------------------------

    def answer(self, handler):
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        target = urllib.parse.urlsplit(handler.path)
        query = urllib.parse.parse_qsl(target.query, keep_blank_values=True)
        path = urllib.parse.unquote(target.path).lstrip("/")
        try:
            self.check(handler, target, query, body)
            status, headers, answer = self.serve(handler.command, path, dict(query), body)
        except Wrong as why:
            with self.lock:
                self.refused.append(str(why))
            status, headers, answer = 403, {}, b"<Error><Code>SignatureDoesNotMatch</Code></Error>"
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(answer)

    def check(self, handler, target, query, body):
        """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
        given = handler.headers.get("authorization", "")
        if not given.startswith("AWS4-HMAC-SHA256 "):
            raise Wrong("no signature")
        parts = dict(part.strip().split("=", 1) for part in given.split(" ", 1)[1].split(","))
        key_id, *scope = parts["Credential"].split("/")
        time, payload = handler.headers.get("x-amz-date", ""), handler.headers.get("x-amz-content-sha256", "")
        if key_id != self.key_id or scope != [time[:8], self.region, "s3", "aws4_request"]:
            raise Wrong("another scope")
        if payload not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
            raise Wrong("another body")
        names = parts["SignedHeaders"].split(";")
        if "host" not in names or "x-amz-date" not in names:
            raise Wrong("headers that are not signed")
        canonical = "\n".join((
            handler.command, urllib.parse.quote(urllib.parse.unquote(target.path), safe="/-_.~"),
            "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, value in query)),
            "".join(f"{name}:{' '.join(handler.headers.get(name, '').split())}\n" for name in names),
            ";".join(names), payload))
        text = "\n".join(("AWS4-HMAC-SHA256", time, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()))
        key = ("AWS4" + self.secret).encode()
        for part in scope:
            key = _hmac(key, part)
        if not hmac.compare_digest(_hmac(key, text).hex(), parts["Signature"]):
            raise Wrong("another signature")

    def serve(self, method, path, query, body):
        with self.lock:
            self.calls[method] += 1
            if method == "PUT" and "uploadId" in query:
                target, parts = self.uploads[query["uploadId"]]
                parts[int(query["partNumber"])] = body
                return 200, {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}, b""
            if method == "PUT":
                self.objects[path] = body
                return 200, {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}, b""
            if method == "POST" and "uploads" in query:
                identity = f"upload{len(self.uploads) + 1}"
                self.uploads[identity] = (path, {})
                return 200, {}, (f"<InitiateMultipartUploadResult><UploadId>{identity}</UploadId>"
                                 "</InitiateMultipartUploadResult>").encode()
            if method == "POST":
                target, parts = self.uploads.pop(query["uploadId"])
                numbers = [int(one.text) for one in xml.etree.ElementTree.fromstring(body).iter()
                           if one.tag.endswith("PartNumber")]
                if any(len(parts[number]) < 5 << 20 for number in numbers[:-1]):
                    return 400, {}, b"<Error><Code>EntityTooSmall</Code></Error>"
                self.objects[target] = b"".join(parts[number] for number in numbers)
                return 200, {}, b"<CompleteMultipartUploadResult/>"
            if method == "DELETE":
                self.uploads.pop(query.get("uploadId"), None)
                self.objects.pop(path, None)
                return 204, {}, b""
            found = self.objects.get(path)
            return (200, {}, found) if found is not None else (404, {}, b"<Error><Code>NoSuchKey</Code></Error>")
