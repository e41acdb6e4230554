"""The wire contract as a judge: finds the operation of a request and checks an answer against server/openapi.yaml.

Everything that openapi.yaml or BEHAVIOUR.md demands of *every* answer is checked here, once, so that no test can
forget it. A breach raises ContractError, which names the operation, the rule and the place in the answer.
"""

import collections
import datetime
import json
import os
import pathlib
import re
import threading
import time

import jsonschema
import yaml

PROJECT = pathlib.Path(__file__).resolve().parents[2]
OPENAPI = pathlib.Path(os.environ.get("METER_OPENAPI", PROJECT / "server" / "openapi.yaml"))

# What this stage of the server serves. An operation is added here when its routes are.
IN_SCOPE = (
    "generateStrategy", "refineStrategy", "listStrategies", "listStrategyAudit", "getStrategy", "updateStrategy", "deleteStrategy",
    "getStrategyHistory", "getStrategyHistoryAlias", "getAccountQuota", "createJob", "listJobs", "executeJob",
    "testWebhook", "listWebhookDeliveries", "replayWebhookDelivery",
    "getJob", "getBatchProgress", "compareJobs", "compareJobsAlias",
    "createSchedule", "listSchedules", "getSchedule", "updateSchedule", "deleteSchedule", "regenerateWebhookSecret",
    "getScheduleChanges", "getScheduleChangelog", "createWatch",
    "startDiscovery", "getDiscovery", "deleteDiscovery", "getDiscoveryUrls", "executeDiscovery", "scheduleDiscovery", "listDiscoveries",
    "createStrategyGroup", "listStrategyGroups", "getStrategyGroup", "updateStrategyGroup", "deleteStrategyGroup",
    "addStrategiesToGroup", "removeStrategyFromGroup", "applyGroupSchedule", "deleteGroupSchedules",
    "toggleGroupSchedules", "applyGroupSchema", "getGroupSchemaProgress", "testGroupWebhook",
    "createWorkflow", "listWorkflows", "getWorkflow", "updateWorkflow", "deleteWorkflow", "addWorkflowNode",
    "updateWorkflowNode", "deleteWorkflowNode", "addWorkflowEdge", "deleteWorkflowEdge", "runWorkflow",
    "listWorkflowRuns", "getWorkflowRun", "getLatestWorkflowOutput", "cancelWorkflowRun", "getWorkflowGraph",
    "createWorkflowSchedule", "listWorkflowSchedules", "updateWorkflowSchedule", "deleteWorkflowSchedule",
    "automationListWorkflows", "automationCreateWorkflow", "automationListTemplates", "automationStats",
    "automationGetWorkflow", "automationUpdateWorkflow", "automationDeleteWorkflow", "automationDuplicateWorkflow",
    "automationSetStatus", "automationListVersions", "automationCreateVersion", "automationListShares",
    "automationShareWorkflow", "automationUnshareWorkflow", "automationWhoAmI",
    "automationExecuteWorkflow", "automationDeployWorkflow", "automationUndeployWorkflow", "automationListExecutions",
    "automationGetExecution", "automationStopExecution", "automationListExecutionSpans", "automationListExecutionLogs",
    "automationListNodeTypes", "automationTriggerWebhook",
    "health", "ready", "metrics", "openapi",
)

# openapi.yaml, info: these can come from any operation, with the Error body.
ANYWHERE = frozenset({405, 408, 413, 414, 431})
# Decided before or beside the key, so that neither rate limit nor quota is known yet (BEHAVIOUR 2, order of checks).
UNAUTHENTICATED = frozenset({401}) | ANYWHERE

# BEHAVIOUR 3, extension member `code`: which words fit which status.
CODES = {
    400: {"invalid_request", "malformed_json"}, 401: {"unauthorized"}, 403: {"forbidden", "quota_exceeded"},
    404: {"not_found"}, 405: {"method_not_allowed"}, 409: {"conflict", "idempotency_in_progress"},
    413: {"payload_too_large"}, 422: {"invalid_url", "unprocessable", "idempotency_mismatch"},
    429: {"rate_limited"}, 500: {"internal_error"}, 503: {"unavailable"},
}

RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
QUOTA_HEADERS = ("x-strategy-quota-used", "x-strategy-quota-limit", "x-strategy-quota-tier")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# BEHAVIOUR 1: RFC 3339, UTC, Z, whole seconds in output.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class ContractError(AssertionError):
    """An answer that the contract does not allow."""


def is_time(text):
    if not isinstance(text, str):
        return True  # JSON Schema: a format speaks of strings only
    if not TIME.fullmatch(text):
        return False
    try:
        datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return False
    return True


def is_uuid(text):
    return not isinstance(text, str) or UUID.fullmatch(text) is not None


def format_checker():
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("uuid")(is_uuid)
    checker.checks("date-time")(is_time)
    return checker


def strict_json(data):
    """Parses JSON as RFC 8259 has it: UTF-8, no NaN, and (ours) no member twice."""
    def unique(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a member appears twice: " + ", ".join(name for name, _ in pairs))
        return found

    def constant(word):
        raise ValueError(f"{word} is not JSON")

    return json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=constant)


class Operation:
    """One operation of openapi.yaml."""

    def __init__(self, method, path, item):
        self.method = method
        self.path = path
        self.name = item["operationId"]
        self.responses = {int(status): answer for status, answer in item["responses"].items()}
        self.secured = item.get("security", True) != []
        self.generates = self.name in ("generateStrategy", "refineStrategy", "createWatch")
        parts = re.split(r"\{[^}]*\}", path)
        self.pattern = re.compile("[^/]+".join(re.escape(part) for part in parts))
        self.literal = len(parts) == 1


class Spec:
    """openapi.yaml, and a record of what was seen of it. Safe from any thread."""

    def __init__(self, path=OPENAPI):
        with open(path, encoding="utf-8") as file:
            self.document = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.resolver = jsonschema.RefResolver("", self.document)
        self.checker = format_checker()
        self.operations = [
            Operation(method.upper(), path, item)
            for path, methods in self.document["paths"].items()
            for method, item in methods.items()
            if isinstance(item, dict) and "operationId" in item
        ]
        self.by_name = {operation.name: operation for operation in self.operations}
        self._validators = {}
        self._lock = threading.Lock()
        self.seen = collections.defaultdict(collections.Counter)  # operation name -> status -> answers
        self.modules = set()  # test modules whose answers are in `seen`

    # -- finding ------------------------------------------------------------------------------------------------

    def at(self, target):
        """The operations on the path of a request target; literal path parts win over parameters."""
        path = target.split("?", 1)[0]
        found = [operation for operation in self.operations if operation.pattern.fullmatch(path)]
        if any(operation.literal for operation in found):
            found = [operation for operation in found if operation.literal]
        return found

    def find(self, method, target):
        wanted = "GET" if method == "HEAD" else method
        return next((operation for operation in self.at(target) if operation.method == wanted), None)

    def allowed(self, target):
        """Methods of a path; HEAD goes wherever GET does."""
        methods = {operation.method for operation in self.at(target)}
        return methods | ({"HEAD"} if "GET" in methods else set())

    # -- judging ------------------------------------------------------------------------------------------------

    def check(self, method, target, answer, rate_limited=None, cross_origin=False):
        """Checks one answer. `rate_limited`: are the rate-limit headers due on authenticated answers? None: unknown.
        `cross_origin`: may pages of other origins be told of (cors.allow_origins)?"""
        operation = self.find(method, target)
        try:
            self._check(operation, method, target, answer, rate_limited, cross_origin)
        except ContractError as error:
            name = operation.name if operation else "no operation"
            raise ContractError(f"{method} {target[:200]} ({name}) -> {answer.status}: {error}\n"
                                f"  headers: {answer.headers}\n  body: {answer.body[:600]!r}") from None

    def _check(self, operation, method, target, answer, rate_limited, cross_origin):
        self._check_head(answer, cross_origin)
        if cross_origin and method == "OPTIONS" and answer.status == 204:
            if answer.body or "access-control-allow-methods" not in answer.headers:
                raise ContractError("this is no answer to a preflight")
            return
        if operation is None:
            expected = {404, 405} | ANYWHERE | {400}
            if self.allowed(target):
                expected.discard(404)
            if answer.status not in expected:
                raise ContractError(f"no operation is there, so the status must be one of {sorted(expected)}")
            self._check_error(method, answer)
            return
        with self._lock:
            self.seen[operation.name][answer.status] += 1
        if answer.status not in operation.responses and answer.status not in ANYWHERE:
            raise ContractError(f"status is not documented; documented are {sorted(operation.responses)}")
        self._check_limits(operation, answer, rate_limited)
        if answer.status >= 400:
            self._check_error(method, answer)
        self._check_body(operation, method, answer)

    def _check_head(self, answer, cross_origin):
        if not answer.headers.get("x-request-id"):
            raise ContractError("X-Request-Id is missing (BEHAVIOUR 3: every answer)")
        if 300 <= answer.status < 400:
            raise ContractError("a redirect is never answered (BEHAVIOUR 1)")
        for name in answer.headers:
            if name.startswith("access-control-") and not cross_origin:
                raise ContractError(f"{name} is sent only where cors.allow_origins is set (BEHAVIOUR 1, CORS)")
            if name in ("exception_what", "exception-what"):
                raise ContractError("inner text leaks through a header (BEHAVIOUR 3, 500)")

    def _check_limits(self, operation, answer, rate_limited):
        """Rate limits (BEHAVIOUR 4) and quota (BEHAVIOUR 7)."""
        if operation.secured and answer.status not in UNAUTHENTICATED and rate_limited is not None:
            for name in RATE_HEADERS:
                if rate_limited and name not in answer.headers:
                    raise ContractError(f"{name} is missing (BEHAVIOUR 4: every authenticated answer)")
                if not rate_limited and name in answer.headers:
                    raise ContractError(f"{name} is left out when the bucket is off (BEHAVIOUR 4)")
        if all(name in answer.headers for name in RATE_HEADERS):
            limit, remaining, reset = (self._integer(answer, name) for name in RATE_HEADERS)
            if not 0 <= remaining <= limit:
                raise ContractError("X-RateLimit-Remaining is not within 0..limit")
            if not -2 <= reset - time.time() <= 62:
                raise ContractError("X-RateLimit-Reset is not a Unix time within the next 60 s")
        if operation.generates and operation.name != "refineStrategy" and answer.status not in UNAUTHENTICATED:
            for name in QUOTA_HEADERS:
                if name not in answer.headers:
                    raise ContractError(f"{name} is missing (BEHAVIOUR 7: every answer of generate except 401)")
            used, limit = (self._integer(answer, name) for name in QUOTA_HEADERS[:2])
            if answer.headers["x-strategy-quota-tier"] not in ("free", "hobby", "pro", "enterprise"):
                raise ContractError("X-Strategy-Quota-Tier is not a tier")
            due = limit != -1 and used > 0
            reset = answer.headers.get("x-strategy-quota-reset")
            if due != (reset is not None):
                raise ContractError("X-Strategy-Quota-Reset is there exactly when limited and something is counted")
            if reset is not None and not is_time(reset):
                raise ContractError("X-Strategy-Quota-Reset is not a time")
        if "idempotent-replayed" in answer.headers and answer.headers["idempotent-replayed"] != "true":
            raise ContractError("Idempotent-Replayed is `true` or absent")

    def _check_error(self, method, answer):
        """Error body and the headers that belong to a status (BEHAVIOUR 2, 3, 4)."""
        headers = answer.headers
        if answer.status == 401 and headers.get("www-authenticate") != 'Bearer realm="meter"':
            raise ContractError("WWW-Authenticate is not `Bearer realm=\"meter\"`")
        if answer.status == 405 and not headers.get("allow"):
            raise ContractError("405 without Allow")
        if answer.status in (429, 503) and self._integer(answer, "retry-after") < 1:
            raise ContractError("Retry-After is at least 1")
        if method == "HEAD":
            return
        self._media_type(answer, "application/json")
        body = self._json(answer)
        self._schema({"$ref": "#/components/schemas/Error"}, body)
        code = body.get("code")
        if code is not None and code not in CODES.get(answer.status, {code}):
            raise ContractError(f"code {code!r} does not fit the status")

    def _check_body(self, operation, method, answer):
        documented = self._deref(operation.responses.get(answer.status, {}))
        for name in documented.get("headers", {}):
            lower = name.lower()
            if lower in RATE_HEADERS or lower.startswith("x-strategy-quota") or lower == "idempotent-replayed":
                continue  # their own rules are above
            if lower not in answer.headers:
                raise ContractError(f"documented header {name} is missing")
        if method == "HEAD":
            if answer.body:
                raise ContractError("an answer to HEAD has no body")
            return
        for media_type, content in documented.get("content", {}).items():
            self._media_type(answer, media_type)
            if media_type == "application/json":
                self._schema(content.get("schema", True), self._json(answer))

    # -- helpers ------------------------------------------------------------------------------------------------

    def _deref(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def _schema(self, schema, instance):
        key = json.dumps(schema, sort_keys=True)
        with self._lock:
            validator = self._validators.get(key)
            if validator is None:
                validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver,
                                                            format_checker=self.checker)
                self._validators[key] = validator
            errors = sorted(validator.iter_errors(instance), key=lambda error: list(map(str, error.absolute_path)))
        if errors:
            raise ContractError("; ".join(self._explain(error) for error in errors[:5]))

    @staticmethod
    def _explain(error):
        best = jsonschema.exceptions.best_match([error]) or error
        place = "/".join(map(str, best.absolute_path)) or "(root)"
        rule = "/".join(map(str, best.absolute_schema_path))
        return f"at {place}: {best.message[:300]} [schema {rule}]"

    @staticmethod
    def _integer(answer, name):
        text = answer.headers.get(name, "")
        if not re.fullmatch(r"-?\d+", text):
            raise ContractError(f"{name} is not an integer: {text!r}")
        return int(text)

    @staticmethod
    def _media_type(answer, wanted):
        sent = answer.headers.get("content-type", "")
        if sent.split(";")[0].strip().lower() != wanted:
            raise ContractError(f"Content-Type is {sent!r}, not {wanted}")

    @staticmethod
    def _json(answer):
        try:
            return strict_json(answer.body)
        except ValueError as error:
            raise ContractError(f"the body is not JSON: {error}") from None

    # -- coverage -----------------------------------------------------------------------------------------------

    def report(self):
        """One line per operation in scope: the documented statuses with their counts, `-` for those never seen."""
        lines = []
        for name in IN_SCOPE:
            counts = self.seen[name]
            extra = sorted(set(counts) - set(self.by_name[name].responses))
            cells = [f"{status}:{counts[status] or '-'}" for status in sorted(self.by_name[name].responses)]
            cells += [f"+{status}:{counts[status]}" for status in extra]
            lines.append(f"  {name:26} {' '.join(cells)}")
        return "\n".join(lines)
