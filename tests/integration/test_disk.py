"""A file system of 16 MiB, filled and freed under load; backups; files that are refused (DESIGN 4)."""

import concurrent.futures
import contextlib
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

import fixture_site
import harness
from harness import eventually

SHOP_ITEMS = [{"name": name, "price": price} for name, price in fixture_site.PRODUCTS]


class SmallFileSystem(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="meter-disk-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True)
        if mounted.returncode != 0:
            raise unittest.SkipTest(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
        cls.addClassCleanup(subprocess.run, ["umount", "-l", folder])
        cls.server_arguments = {"folder": folder}
        cls.server_options = harness.QUICK_LEASES
        super().setUpClass()
        cls.server.log_path = pathlib.Path(tempfile.gettempdir()) / f"{pathlib.Path(folder).name}.log"
        cls.addClassCleanup(cls.server.log_path.unlink, missing_ok=True)
        cls.server.restart()  # its log is elsewhere from now on: it would fill the file system too

    def fill(self):
        """Takes every page that is left; the server frees and takes some all the while."""
        with open(self.server.folder / "filler", "ab", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 4096)

    def test_filled_and_freed_five_times_under_load(self):
        url = self.site.url("/shop")
        strategy = self.client.strategy(url)
        kept = self.client.execute(strategy, url)
        body = {"strategy_id": strategy["id"], "url": url}
        acknowledged, refused, stop = [], [], []

        def write(_):
            while not stop:
                answer = self.client.post("/api/jobs", body, expect=(201, 503))
                if answer.status == 201:
                    acknowledged.append(answer.json["id"])
                    time.sleep(0.02)  # the load is steady, not as much as the machine can do
                else:
                    refused.append(answer)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, number) for number in range(4)]
            try:
                for cycle in range(5):
                    doomed = self.client.strategy(url)
                    seen = len(refused)
                    eventually(lambda: self.fill() or len(refused) > seen + 8, 30, "refusals")
                    with self.subTest(cycle=cycle):
                        self.assertEqual(refused[-1].json["code"], "unavailable")
                        self.assertTrue(refused[-1].detail)
                        self.assertIn("retry-after", refused[-1].headers)
                        self.assertEqual(self.client.get_job(kept["id"]), kept)
                        self.client.get("/api/jobs?limit=5", expect=200)
                        self.client.delete(f"/api/strategies/{doomed['id']}", expect=200)
                        (self.server.folder / "filler").unlink()
                        count = len(acknowledged)
                        eventually(lambda: len(acknowledged) > count + 4, 10, "writes again")
            finally:
                stop.append(True)
            for writer in writers:
                writer.result()
        for job_id in acknowledged:
            self.assertIn(self.client.wait_job(job_id, 60)["status"], ("completed", "failed"))
        self.assertEqual(self.client.execute(strategy, url)["results"], SHOP_ITEMS)
        self.server.command("check", "--store", self.server.store)
        print(f"five full disks: {len(acknowledged)} jobs acknowledged, {len(refused)} refused")


class Backups(harness.MeterCase):
    server_options = harness.QUICK_LEASES

    def test_a_backup_of_a_running_server_has_everything_acknowledged_and_serves(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        job = self.client.execute(strategy, self.site.url("/shop"))
        folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-copy-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            batch = self.client.batch(strategy, [self.site.url("/shop")] * 200)
            copying = pool.submit(self.server.command, "backup", "--store", self.server.store, "--to",
                                  str(folder / "meter.db"))
            while not copying.done():
                self.client.job(strategy, self.site.url("/shop"))
            copying.result()
        self.assertEqual([path.name for path in folder.iterdir()], ["meter.db"])
        self.server.command("check", "--store", f"sqlite:{folder / 'meter.db'}")
        again = self.server.command("backup", "--store", self.server.store, "--to", str(folder / "meter.db"),
                                    check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("exists already", again.stderr)
        with harness.Server(*harness.UNLIMITED, *harness.QUICK_LEASES, folder=folder) as copy:
            client = copy.client(self.key)
            self.assertEqual(client.get_job(job["id"]), job)
            self.assertEqual(client.wait_batch(batch["batch_id"])["completed"], 200)
        self.client.wait_batch(batch["batch_id"])


class RefusedFiles(harness.MeterCase):
    """Damaged, foreign and newer files: the server ends with a message and leaves every byte as it was."""

    def copy_of_a_store(self, folder):
        path = folder / "meter.db"
        self.server.command("backup", "--store", self.server.store, "--to", str(path))
        return path

    def test_files_that_are_not_for_this_server(self):
        self.client.execute(self.client.strategy(self.site.url("/shop")), self.site.url("/shop"))

        def overwrite(path):
            data = bytearray(path.read_bytes())
            for start in range(8192, len(data), 4096):
                data[start:start + 64] = b"\xa5" * 64
            path.write_bytes(data)

        def cut(path):
            path.write_bytes(path.read_bytes()[:-10_000])

        def newer(path):
            with contextlib.closing(sqlite3.connect(path)) as database, database:
                database.execute("INSERT INTO schema_migrations VALUES (1000000, 'from the future')")

        def foreign(path):
            path.unlink()
            with contextlib.closing(sqlite3.connect(path)) as database, database:
                database.execute("CREATE TABLE cookies (name TEXT)")

        def text(path):
            path.write_text("Dear diary, this is not a database, though it is long enough to look like one.\n" * 200)
        for change, word in ((overwrite, "damaged"), (cut, "damaged"), (newer, "newer program"),
                             (foreign, "another program"), (text, "not a database")):
            with self.subTest(change.__name__):
                folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-refused-"))
                self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
                path = self.copy_of_a_store(folder)
                change(path)
                before = path.read_bytes()
                for command in (["serve", "--listen", "127.0.0.1:0"], ["keys", "list"],
                                ["backup", "--to", str(folder / "copy.db")]):
                    done = self.server.command(*command, "--store", f"sqlite:{path}", check=False, timeout=30)
                    self.assertNotEqual(done.returncode, 0, command)
                    self.assertIn(word, done.stdout + done.stderr)
                    self.assertIn(str(path), done.stdout + done.stderr)
                self.assertEqual(path.read_bytes(), before)
                self.assertEqual([each.name for each in folder.iterdir()], ["meter.db"])

    def test_a_store_that_is_not_there_is_neither_read_nor_made(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-absent-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        for command in (["check"], ["backup", "--to", str(folder / "copy.db")], ["keys", "list"],
                        ["keys", "revoke", "sk_live_Ab12"], ["export", str(folder / "all.jsonl")]):
            with self.subTest(command):
                done = self.server.command(*command, "--store", f"sqlite:{folder / 'typo.db'}", check=False, timeout=30)
                self.assertEqual(done.returncode, 1)
                self.assertIn("There is no store", done.stderr)
                self.assertEqual(list(folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
