"""The automation dialect's workflows: BEHAVIOUR 20.1 to 20.4, and who may do what."""

import itertools
import unittest

import harness

API = "/api/v1/workflows"
NODES = [{"id": "read", "nodeId": "sqlite-source", "label": "Orders", "position": {"x": 1, "y": 2.5},
          "config": {"connection": "shop", "query": "SELECT 1"}, "colour": "red"},
         {"id": "hook", "nodeId": "webhook-trigger", "config": {"secret": "s3cret-value", "note": "kept"}}]
CONNECTIONS = [{"sourceNodeId": "read", "sourcePort": "output", "targetNodeId": "hook", "targetPort": "input"}]
UNKNOWN = "wf_" + "0" * 32
DEFAULTS = {"timeout": 3600, "retryOnFailure": False, "maxRetries": 3}


class Automations(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.with_key("owner")
        cls.colleague = cls.with_key("colleague")
        cls.stranger = cls.with_key("stranger", organization="elsewhere")
        cls.user = {client: client.get("/api/v1/auth/whoami", expect=200).json["data"]["userId"]
                    for client in (cls.owner, cls.colleague, cls.stranger)}

    @classmethod
    def with_key(cls, name, organization="here", scopes=None):
        account = f"{cls.account}-{name}"
        return cls.server.client(cls.server.new_key("--organization", f"{cls.account}-{organization}",
                                                    "--user", f"user of {account}", account=account, scopes=scopes))

    def create(self, client=None, **members):
        made = (client or self.owner).post(API, {"name": "Pipeline", **members}, expect=201).json
        self.assertRegex(made["workflowId"], "^wf_[A-Za-z0-9]{12,}$")
        return f"{API}/{made['workflowId']}"


class Objects(Automations):
    def test_what_is_left_out_has_defaults(self):
        made = self.owner.get(self.create(), expect=200).json
        self.assertEqual({name: made[name] for name in ("description", "status", "version", "tags", "nodes",
                                                        "connections", "config", "settings", "sharedWith", "isPublic",
                                                        "isTemplate", "ownerId", "organizationId")},
                         {"description": "", "status": "draft", "version": 1, "tags": [], "nodes": [],
                          "connections": [], "config": {}, "settings": DEFAULTS, "sharedWith": [], "isPublic": False,
                          "isTemplate": False, "ownerId": self.user[self.owner],
                          "organizationId": f"{self.account}-here"})

    def test_every_member_comes_back_as_given(self):
        given = {"name": "Daily ETL Pipeline", "description": "Extracts, transforms, loads", "status": "active",
                 "tags": ["etl", "daily"], "nodes": NODES, "connections": CONNECTIONS,
                 "settings": {"timeout": 60, "custom": [1]}, "config": {"a": {"b": 1}}, "isPublic": True,
                 "isTemplate": True}
        made = self.owner.get(self.create(**given), expect=200).json
        self.assertEqual({name: made[name] for name in given},
                         {**given, "settings": {**DEFAULTS, "timeout": 60, "custom": [1]}})

    def test_what_is_null_in_a_graph_is_absent(self):
        given = {"nodes": [{"id": "a", "nodeId": "merge", "config": None, "position": None, "label": None},
                           {"id": "b", "nodeId": "merge", "position": {"x": None, "y": 2}, "colour": None}],
                 "connections": [{"sourceNodeId": "a", "targetNodeId": "b", "sourcePort": None, "targetPort": None}]}
        kept = ([{"id": "a", "nodeId": "merge", "label": None},
                 {"id": "b", "nodeId": "merge", "position": {"y": 2}, "colour": None}],
                [{"sourceNodeId": "a", "targetNodeId": "b"}])
        path = self.create(**given, settings={"timeout": None, "maxRetries": 1, "retryOnFailure": None})
        made = self.owner.get(path, expect=200).json
        self.assertEqual((made["nodes"], made["connections"], made["settings"]), (*kept, {**DEFAULTS, "maxRetries": 1}))
        made = self.owner.request("PUT", path, json=given, expect=200).json
        self.assertEqual((made["nodes"], made["connections"]), kept)
        self.owner.request("PUT", path, json={"settings": {"timeout": None}}, expect=400)
        self.owner.post(f"{path}/deploy", expect=200)

    def test_a_put_is_partial(self):
        path = self.create(nodes=NODES, tags=["a"], settings={"timeout": 5})
        before = self.owner.get(path, expect=200).json
        after = self.owner.request("PUT", path, {"name": "New", "status": "active", "version": 9,
                                                 "settings": {"maxRetries": 1}}, expect=200).json
        self.assertEqual(after, {**before, "name": "New", "updatedAt": after["updatedAt"],
                                 "settings": {**DEFAULTS, "timeout": 5, "maxRetries": 1}})
        after = self.owner.request("PUT", path, {"nodes": [], "tags": [], "description": None, "isTemplate": True,
                                                 "connections": CONNECTIONS, "config": {"x": 1}}, expect=200).json
        self.assertEqual((after["nodes"], after["tags"], after["connections"], after["config"], after["isTemplate"]),
                         ([], [], CONNECTIONS, {"x": 1}, True))
        self.assertEqual(self.owner.request("PUT", path, {}, expect=200).json["name"], "New")

    def test_settings_do_not_grow_without_end(self):
        path = self.create(settings={"a": "x" * 40_000})
        before = self.owner.get(path, expect=200).json["settings"]
        refused = self.owner.request("PUT", path, {"settings": {"b": "x" * 40_000}}, expect=400)
        self.assertIn("settings must have at most 65536 bytes", refused.detail)
        self.owner.post(API, {"name": "Large", "settings": {"a": "x" * 70_000}}, expect=400)
        self.assertEqual(self.owner.get(path, expect=200).json["settings"], before)

    def test_schedule_triggers_keep_to_the_shortest_interval(self):
        path = self.create(nodes=[{"id": "tick", "nodeId": "schedule-trigger", "config": {"intervalSeconds": 59}}])
        self.assertIn("Node 'tick': config.intervalSeconds must be at least 60",
                      self.owner.post(f"{path}/deploy", expect=400).detail)
        self.assertEqual(self.owner.get(path, expect=200).json["status"], "draft")

    def test_bad_members_are_named(self):
        deep = {"id": "a", "nodeId": "filter"}
        path = self.create()
        for body, detail in (
                ({}, "Missing required field: name"), ({"name": ""}, "name"), ({"name": 1}, "name"),
                ({"name": "x" * 201}, "name"), ({"name": "x", "description": "y" * 10001}, "description"),
                ({"name": "x", "status": "running"}, "status"), ({"name": "x", "tags": "a"}, "tags"),
                ({"name": "x", "tags": [1]}, "tags.0"), ({"name": "x", "tags": ["y" * 65]}, "tags.0"),
                ({"name": "x", "tags": ["y"] * 51}, "tags"), ({"name": "x", "nodes": {}}, "nodes"),
                ({"name": "x", "nodes": [1]}, "nodes.0"), ({"name": "x", "nodes": [{"id": "a"}]}, "nodes.0.nodeId"),
                ({"name": "x", "nodes": [{"nodeId": "a"}]}, "nodes.0.id"),
                ({"name": "x", "nodes": [deep, deep]}, "nodes.1.id"),
                ({"name": "x", "nodes": [{**deep, "config": []}]}, "nodes.0.config"),
                ({"name": "x", "nodes": [{**deep, "label": 5}]}, "nodes.0.label"),
                ({"name": "x", "nodes": [{**deep, "position": {"x": "1"}}]}, "nodes.0.position.x"),
                ({"name": "x", "nodes": [{**deep, "id": str(n)} for n in range(501)]}, "nodes"),
                ({"name": "x", "connections": [{}]}, "connections.0.sourceNodeId"),
                ({"name": "x", "connections": [{**CONNECTIONS[0], "targetPort": 1}]}, "connections.0.targetPort"),
                ({"name": "x", "settings": {"timeout": 0}}, "settings.timeout"),
                ({"name": "x", "settings": {"retryOnFailure": 1}}, "settings.retryOnFailure"),
                ({"name": "x", "settings": {"maxRetries": 11}}, "settings.maxRetries"),
                ({"name": "x", "config": 1}, "config"), ({"name": "x", "isPublic": "yes"}, "isPublic")):
            with self.subTest(body=str(body)[:80]):
                self.assertIn(detail, self.owner.post(API, body, expect=400).detail)
                changed = {name: value for name, value in body.items() if len(body) == 1 or name != "name"}
                if changed and "status" not in changed:
                    self.assertIn(detail, self.owner.request("PUT", path, changed, expect=400).detail)
        for member in ("name", "tags", "nodes", "connections", "settings", "config", "isPublic", "isTemplate"):
            with self.subTest(null=member):
                self.owner.request("PUT", path, {member: None}, expect=400)
        self.owner.post(API, body=b"{", expect=400)
        self.owner.request("PUT", path, body=b"[]", expect=400)

    def test_a_list_filters_counts_and_sorts(self):
        reader = self.with_key("lists", organization="lists")
        for name, tags, status in (("Beta", ["x"], "draft"), ("alpha", ["x", "y"], "active"), ("Gamma", [], "draft")):
            self.create(reader, name=name, tags=tags, status=status, description=f"about {name}")

        def names(query=""):
            answer = reader.get(f"{API}{query}", expect=200).json
            self.assertNotIn("nodes", str(answer["workflows"]))
            return [one["name"] for one in answer["workflows"]], answer["count"]
        self.assertEqual(names(), (["Gamma", "alpha", "Beta"], 3))
        self.assertEqual(names("?tag=x&sort=name"), (["alpha", "Beta"], 2))
        self.assertEqual(names("?tag=X"), ([], 0))
        self.assertEqual(names("?search=BOUT%20ga"), (["Gamma"], 1))
        self.assertEqual(names("?search=%25"), ([], 0))
        self.assertEqual(names("?status=active"), (["alpha"], 1))
        self.assertEqual(names("?limit=1&offset=1"), (["alpha"], 3))
        self.assertEqual(names("?sort=status:asc&limit=2")[0][0], "alpha")
        self.assertEqual(names("?sort=createdAt:asc")[0], ["Beta", "alpha", "Gamma"])
        self.assertEqual(names("?sort=updatedAt:desc")[0], ["Gamma", "alpha", "Beta"])
        for query in ("limit=0", "limit=101", "offset=-1", "limit=x", "sort=tags", "sort=name:up", "sort=:asc",
                      "status=open"):
            with self.subTest(query=query):
                reader.get(f"{API}?{query}", expect=400)
        self.assertEqual(reader.get(f"{API}/stats", expect=200).json,
                         {"total": 3, "active": 1, "paused": 0, "draft": 2, "archived": 0})

    def test_versions_are_snapshots_with_tags_of_their_own(self):
        path = self.create()
        first = self.owner.get(f"{path}/versions", expect=200).json
        self.assertEqual([(one["version"], one["versionTag"], one["description"], one["createdBy"])
                          for one in first["versions"]],
                         [(1, "v1.0.0", "Initial version", self.user[self.owner])])
        added = self.owner.post(f"{path}/versions", {"versionTag": "v2.1.0", "description": "d"}, expect=201).json
        self.assertEqual((added["version"], added["versionTag"]), (2, "v2.1.0"))
        self.assertEqual(self.owner.get(path, expect=200).json["version"], 2)
        self.assertEqual(self.owner.get(f"{path}/versions", expect=200).json["currentVersion"], 2)
        self.assertEqual(self.owner.post(f"{path}/versions", {"versionTag": "v2.1.0"}, expect=409).detail,
                         "Version tag already exists")
        for body in ({}, {"versionTag": ""}, {"versionTag": "x" * 65}, {"versionTag": 2},
                     {"versionTag": "a", "description": "x" * 2001}):
            with self.subTest(body=str(body)[:60]):
                self.owner.post(f"{path}/versions", body, expect=400)

    def test_a_status_may_be_any_and_is_checked(self):
        path = self.create()
        for status in ("active", "paused", "archived", "draft", "draft"):
            self.assertEqual(self.owner.request("PUT", f"{path}/status", {"status": status}, expect=200).json["status"],
                             status)
        for body in ({}, {"status": "gone"}, {"status": None}, {"status": 1}):
            self.owner.request("PUT", f"{path}/status", body, expect=400)
        for answer in (self.owner.request("PUT", f"{path}/status", json={"status": "gone"}),
                       self.owner.get(f"{API}?status=gone")):
            self.assert_error(answer, 400, "status must be one of: draft, active, paused, archived", "validation_error")

    def test_a_duplicate_is_a_draft_of_its_own(self):
        path = self.create(name="x" * 199, nodes=NODES, connections=CONNECTIONS, tags=["t"], settings={"timeout": 7},
                           config={"c": 1}, status="active", isPublic=True, isTemplate=True)
        self.owner.post(f"{path}/versions", {"versionTag": "v2"}, expect=201)
        made = self.owner.post(f"{path}/duplicate", expect=201).json["workflowId"]
        copy = self.owner.get(f"{API}/{made}", expect=200).json
        self.assertEqual((copy["name"], copy["status"], copy["version"], copy["isPublic"], copy["isTemplate"]),
                         ("x" * 193 + " (Copy)", "draft", 1, False, False))
        self.assertEqual((copy["nodes"], copy["connections"], copy["tags"], copy["settings"]["timeout"],
                          copy["config"]), (NODES, CONNECTIONS, ["t"], 7, {"c": 1}))

    def test_deleting_answers_204_and_takes_everything(self):
        path = self.create()
        answer = self.owner.delete(path, expect=204)
        self.assertEqual(answer.body, b"")
        self.assertFalse({"content-length", "content-type", "transfer-encoding"} & set(answer.headers))  # RFC 9110 8.6
        self.owner.get(path, expect=404)
        self.owner.get(f"{path}/versions", expect=404)
        self.owner.delete(path, expect=404)

    def test_whoami_tells_the_key(self):
        scoped = self.with_key("scoped", scopes="workflows:read,meter")
        data = scoped.get("/api/v1/auth/whoami", expect=200).json["data"]
        self.assertEqual(data, {"userId": f"user of {self.account}-scoped", "organizationId": f"{self.account}-here",
                                "keyPrefix": scoped.key[:12], "scopes": ["workflows:read", "meter"]})
        self.server.client(None).get("/api/v1/auth/whoami", expect=401)

    def test_objects_survive_a_restart(self):
        path = self.create(nodes=NODES)
        before = self.owner.get(path, expect=200).json
        self.server.kill()
        self.server.start()
        self.assertEqual(self.owner.get(path, expect=200).json, before)


class Access(Automations):
    def test_sharing_opens_reading_and_nothing_else(self):
        path = self.create(nodes=NODES)
        guest = self.user[self.stranger]
        self.stranger.get(path, expect=404)
        shared = self.owner.post(f"{path}/share", {"userId": guest}, expect=200).json
        self.assertEqual((shared["userId"], shared["workflowId"]), (guest, path.rsplit("/", 1)[1]))
        first = self.owner.get(f"{path}/share", expect=200).json["sharedWith"]
        self.owner.post(f"{path}/share", {"userId": guest}, expect=200)
        self.assertEqual(self.owner.get(f"{path}/share", expect=200).json["sharedWith"], first)
        self.assertEqual(self.stranger.get(path, expect=200).json["sharedWith"], [guest])
        self.assertEqual(self.owner.post(f"{path}/share", {"userId": self.user[self.owner]}, expect=400).status, 400)
        for body in ({}, {"userId": ""}, {"userId": 5}):
            self.owner.post(f"{path}/share", body, expect=400)
        self.owner.delete(f"{path}/share/nobody", expect=404)
        self.owner.delete(f"{path}/share/{guest.replace(' ', '%20')}", expect=204)
        self.stranger.get(path, expect=404)

    def test_secrets_are_shown_to_the_owner_only(self):
        path = self.create(nodes=NODES, isPublic=True, isTemplate=True, config={"secret": "s3cret-value"})
        self.assertIn(b"s3cret-value", self.owner.get(path, expect=200).body)
        seen = [self.colleague.get(path, expect=200), self.colleague.get(f"{API}/templates", expect=200),
                self.colleague.get(API, expect=200), self.colleague.get(f"{path}/versions", expect=200)]
        copy = self.colleague.post(f"{path}/duplicate", expect=201).json["workflowId"]
        seen.append(self.colleague.get(f"{API}/{copy}", expect=200))
        for answer in seen:
            self.assertNotIn(b"s3cret-value", answer.body)
        self.assertEqual(seen[0].json["nodes"][1]["config"], {"note": "kept"})
        self.assertEqual(seen[0].json["nodes"][0], NODES[0])

    def test_templates_are_the_visible_ones(self):
        mine = self.create(isTemplate=True, name="T", nodes=NODES).rsplit("/", 1)[1]
        listed = self.owner.get(f"{API}/templates", expect=200).json
        self.assertEqual(listed["count"], len(listed["templates"]))
        self.assertIn(mine, [one["id"] for one in listed["templates"]])
        self.assertNotIn(mine, [one["id"] for one in self.colleague.get(f"{API}/templates", expect=200).json["templates"]])

    def test_the_matrix_of_routes_scopes_and_relations(self):
        """Route x scope x relation to the workflow: exact, from the OpenAPI file."""
        document = harness.the_spec().document
        routes = []
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                scope = isinstance(operation, dict) and operation.get("x-required-scope")
                name = scope and operation["operationId"]
                if scope and name in harness.contract.IN_SCOPE and path.startswith(API):
                    routes.append((method.upper(), path, scope, name))
        self.assertEqual(len(routes), 17, routes)
        bodies = {"automationCreateWorkflow": {"name": "m"}, "automationUpdateWorkflow": {"description": "d"},
                  "automationSetStatus": {"status": "draft"}, "automationShareWorkflow": {"userId": "someone"}}
        tags = itertools.count()
        scopes = ("workflows:read", "workflows:write", "workflows:execute", "meter", "*")
        relations = {"own": ("owner", "here"), "shared": ("stranger", "elsewhere"), "public": ("colleague", "here"),
                     "other": ("nobody", "elsewhere")}
        clients = {(relation, scope): self.with_key(name, organization, scope)
                   for relation, (name, organization) in relations.items() for scope in scopes}
        for (relation, held), client in clients.items():
            for method, path, scope, name in routes:
                target = self.create(isPublic=relation == "public")
                self.owner.post(f"{target}/share", {"userId": "someone"}, expect=200)
                if relation == "shared":
                    self.owner.post(f"{target}/share", {"userId": self.user[self.stranger]}, expect=200)
                body = bodies.get(name)
                if name == "automationCreateVersion":
                    body = {"versionTag": f"t{next(tags)}"}
                address = path.replace("{id}", target.rsplit("/", 1)[1]).replace("{userId}", "someone")
                with self.subTest(relation=relation, held=held, route=f"{method} {path}"):
                    answer = client.request(method, address, **({"json": body} if body else {}))
                    if held not in (scope, "*"):
                        self.assertEqual((answer.status, answer.detail),
                                         (403, f"API key lacks required scope: {scope}"))
                    elif "{id}" in path and relation == "other":
                        self.assertEqual((answer.status, answer.detail), (404, "Workflow not found"))
                    elif "{id}" in path and relation != "own" and scope == "workflows:write" and \
                            name != "automationDuplicateWorkflow":
                        self.assertEqual((answer.status, answer.detail),
                                         (403, "Only the owner can modify this workflow"))
                    else:
                        self.assertIn(answer.status, (200, 201, 204))

    def test_unknown_and_malformed_ids_are_not_found(self):
        for identity in (UNKNOWN, "wf_", "nonsense", "00000000-0000-7000-8000-000000000000", "%00", "x" * 300):
            with self.subTest(identity=identity[:20]):
                answer = self.owner.get(f"{API}/{identity}")
                self.assertEqual(answer.status, 404)
                self.assertEqual(answer.json["error"]["message"], answer.detail)
        for method, suffix, body in (("PUT", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/duplicate", None),
                                     ("PUT", "/status", {"status": "draft"}), ("GET", "/versions", None),
                                     ("POST", "/versions", {"versionTag": "x"}), ("GET", "/share", None),
                                     ("POST", "/share", {"userId": "x"}), ("DELETE", "/share/x", None)):
            with self.subTest(route=method + suffix):
                answer = self.owner.request(method, f"{API}/{UNKNOWN}{suffix}", **({"json": body} if body else {}))
                self.assertEqual((answer.status, answer.detail), (404, "Workflow not found"))


if __name__ == "__main__":
    unittest.main()
