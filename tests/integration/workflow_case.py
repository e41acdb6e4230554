"""What tests of workflows begin with: boards (a list page and its detail pages), plans for them, runs."""

import html
import time

import harness
from fixture_site import page
from harness import eventually

INDEX_PLAN = {
    "type": "css",
    "container": {"selector": "li.entry"},
    "fields": {"title": {"selector": "a"}, "link": {"selector": "a", "attribute": "href"},
               "note": {"selector": ".note"}},
}
DETAIL_PLAN = {
    "type": "css",
    "container": {"selector": "article"},
    "fields": {"title": {"selector": "h1"}, "text": {"selector": "p"}},
}
ENDED = ("completed", "partial", "failed", "cancelled")


class Board:
    """A list at `url` that leads to one page for each of its entries. Every method changes or reads the site."""

    def __init__(self, site, base, names=("a", "b")):
        self.site, self.base = site, base
        self.notes = {name: "plain" for name in names}
        self.publish()

    @property
    def url(self):
        return self.site.url(self.base + "/list")

    def detail_path(self, name):
        return f"{self.base}/detail/{name}"

    def detail_url(self, name):
        return self.site.url(self.detail_path(name))

    def publish(self):
        for name in self.notes:
            self.write(name)
        self.write_index()

    def write_index(self):
        rows = "".join(f'<li class=entry><a href="detail/{html.escape(name)}">{html.escape(name)}</a>'
                       f"<i class=note>{html.escape(note)}</i></li>" for name, note in self.notes.items())
        self.site.page(self.base + "/list", page("List", f"<ul>{rows}</ul>"))

    def write(self, name, text="one"):
        self.site.page(self.detail_path(name), page(name, f"<article><h1>{html.escape(name)}</h1>"
                                                          f"<p>{html.escape(text)}</p></article>"))

    def add(self, *names, note="plain"):
        for name in names:
            self.notes[name] = note
            self.write(name)
        self.write_index()

    def note(self, name, text):
        """Changes an entry of the list, not its page."""
        self.notes[name] = text
        self.write_index()

    def break_detail(self, name, status=404):
        self.site.page(self.detail_path(name), page("Gone", ""), status=status)

    def break_index(self, status=404):
        self.site.page(self.base + "/list", page("Gone", ""), status=status)

    def hold(self, name, gate):
        """The page answers once the gate is open."""
        def body(_):
            self.site.wait(self.site.gate(gate))
            return page(name, f"<article><h1>{name}</h1><p>held</p></article>")
        self.site.page(self.detail_path(name), body)

    def hits(self):
        """Requests so far: of the list, and of all details together."""
        return self.site.hits(self.base + "/list"), sum(self.site.hits(self.detail_path(name)) for name in self.notes)

    def item(self, name, text="one"):
        return {"title": name, "text": text}


class WorkflowCase(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.index, cls.detail = cls.make_strategies(cls.client)

    @classmethod
    def make_strategies(cls, client):
        """Strategies for lists and for details; boards of their own feed the runs, so that hits are those of runs."""
        template = Board(cls.site, f"/t/{cls.account}/template")
        return (client.strategy(template.url, INDEX_PLAN, name="index"),
                client.strategy(template.detail_url("a"), DETAIL_PLAN, name="detail"))

    def board(self, *names):
        return Board(self.site, self.path(), names or ("a", "b"))

    def api_strategy(self, plan=None, client=None):
        """Answers what it was asked: one item with method, path, query, body."""
        url = self.site.url("/json/echo")
        return (client or self.client).strategy(url, plan or {
            "type": "api", "request": {"url": url + "?q=none&page=1"}, "items_path": "items"})

    # -- definitions --------------------------------------------------------------------------------------------

    @staticmethod
    def start(key, strategy, *urls, **members):
        return {"node_key": key, "strategy_id": strategy["id"], "input_type": "static_urls",
                "static_urls": list(urls), **members}

    @staticmethod
    def follow(key, strategy, field="link", **members):
        return {"node_key": key, "strategy_id": strategy["id"], "input_type": "upstream_urls", "url_field": field,
                **members}

    @staticmethod
    def edge(source, target, *conditions, mode="all"):
        edge = {"source_node_key": source, "target_node_key": target}
        if conditions:
            edge["filter_config"] = {"mode": mode, "conditions": list(conditions)}
        return edge

    def two_steps(self, board, **members):
        return {"name": "Two steps", "description": None,
                "nodes": [self.start("index", self.index, board.url), self.follow("details", self.detail)],
                "edges": [self.edge("index", "details")], **members}

    def create(self, body, expect=201, client=None):
        answer = (client or self.client).post("/api/workflows", body, expect=expect)
        return answer.json if expect == 201 else answer

    def workflow(self, nodes, edges=(), **members):
        return self.create({"name": "W", "nodes": list(nodes), "edges": list(edges), **members})

    # -- runs ---------------------------------------------------------------------------------------------------

    @staticmethod
    def at(workflow, suffix=""):
        return f"/api/workflows/{workflow['id']}{suffix}"

    def begin(self, workflow, expect=201, **body):
        answer = self.client.post(self.at(workflow, "/run"), body, expect=expect)
        return answer.json if expect == 201 else answer

    def get_run(self, workflow, run, client=None):
        return (client or self.client).get(self.at(workflow, f"/runs/{run['id']}"), expect=200).json

    def wait_run(self, workflow, run, deadline=60.0):
        def ended():
            found = self.get_run(workflow, run)
            return found if found["status"] in ENDED else None
        return eventually(ended, deadline, f"the end of run {run['id']}")

    def run_to_end(self, workflow, status="completed", **body):
        run = self.wait_run(workflow, self.begin(workflow, **body))
        self.assertEqual(run["status"], status, run)
        return run

    def wait_node(self, workflow, run, key, *statuses, deadline=30.0):
        return eventually(lambda: (node := self.node(self.get_run(workflow, run), key))["status"] in statuses and node,
                          deadline, f"{key} in {statuses}")

    @staticmethod
    def node(run, key):
        return next(node for node in run["node_executions"] if node["node_key"] == key)

    def states(self, run):
        return {node["node_key"]: node["skip_reason"] or node["status"] for node in run["node_executions"]}

    def output(self, workflow, query="", expect=200):
        answer = self.client.get(self.at(workflow, "/runs/latest/output") + query, expect=expect)
        return answer.json if expect == 200 else answer

    def jobs_of(self, node):
        """Every job of a node, whether it ran one or a batch."""
        if node["batch_id"]:
            return self.client.get(f"/api/jobs?batch_id={node['batch_id']}&limit=1000", expect=200).json
        return [self.client.get_job(node["job_id"])] if node["job_id"] else []


class Stopwatch:
    """with Stopwatch() as watch: ...; watch.seconds"""

    def __enter__(self):
        self._start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self._start
