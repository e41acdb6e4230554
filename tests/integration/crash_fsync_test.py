#!/usr/bin/python3
"""Kills the server at its n-th fsync, for n = 1, 2, ...: what was acknowledged is there, nothing else is.

    crash_fsync_test.py [--most 40]

strace delivers the SIGKILL as the call is entered, so that what the call was to make durable may be missing.
"""

import argparse
import http.client
import pathlib
import shutil
import stat
import sys
import tempfile
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
warnings.simplefilter("ignore", DeprecationWarning)

import crash_run
import fixture_site
import harness
from harness import eventually

SKIPPED = 77  # ctest tells this from a pass
LOST = (OSError, http.client.HTTPException)
WRAPPER = """#!/bin/sh
exec strace -f -qq -o /dev/null -e trace=fsync,fdatasync -e signal=none \\
    -e inject=fsync,fdatasync:signal=SIGKILL:when={number} {binary} "$@"
"""


class Killed(Exception):
    """The server was gone before it served."""


def run_until_killed(server, site, asked):
    """Asks for strategies and jobs until the server dies; what was acknowledged: name -> id."""
    kept = {}
    client = server.admin()
    try:
        server.start(wait=False)
        eventually(lambda: serves(server), 30, "the server or its end")
        for number in range(400):
            name = f"{site.url('/shop')}?{number}"
            asked.add(name)
            if number % 4 == 0:
                made = client.generate(site.url("/shop"), name=name)
                kept[name] = made.json["id"]
                strategy = made.json
            else:
                kept[name] = client.job(strategy, name)["id"]
    except LOST + (Killed,):
        pass
    eventually(lambda: server.process.poll() is not None, 10, "the end of the server")
    return kept


def serves(server):
    if server.process.poll() is not None:
        raise Killed
    try:
        return server.client().get("/readyz").status == 200
    except LOST:
        return False


def check(server, site, kept, asked):
    problems = []
    server.start()
    client = server.admin()
    found = {}
    for target, member in (("/api/strategies", "name"), ("/api/jobs", "url")):
        for each in client.get(f"{target}?limit=1000", expect=200).json:
            if each[member] in found:
                problems.append(f"{each[member]} is there twice")
            found[each[member]] = each["id"]
    problems += [f"{name} was acknowledged and is lost" for name, value in kept.items() if found.get(name) != value]
    problems += [f"{name} was never asked for" for name in found if name not in asked]

    def ended():
        return not any(client.get(f"/api/jobs?status={status}").json for status in ("pending", "running"))
    eventually(ended, 60, "the end of every job")
    return problems + crash_run.store_faults(server)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=40)
    arguments = parser.parse_args()
    if not harness.BINARY.exists():
        print(f"there is no server at {harness.BINARY}; build it or set METER_SERVER")
        return 2
    if shutil.which("strace") is None:
        print("skipped: strace is not installed")
        return SKIPPED
    binary, started, errors, acknowledged, kills = harness.BINARY, time.monotonic(), [], 0, 0
    with tempfile.TemporaryDirectory(prefix="meter-fsync-") as folder, fixture_site.FixtureSite() as site:
        for number in range(1, arguments.most + 1):
            wrapper = pathlib.Path(folder) / "server"
            wrapper.write_text(WRAPPER.format(number=number, binary=binary))
            wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
            server = harness.Server(*harness.UNLIMITED, *harness.QUICK_LEASES, "--jobs-max-attempts", "5")
            server.strict = False
            asked = set()
            try:
                harness.BINARY = wrapper
                kept = run_until_killed(server, site, asked)
                kills += server.process.returncode != 0
                harness.BINARY = binary
                problems = check(server, site, kept, asked)
            finally:
                harness.BINARY = binary
                server.close()
            acknowledged += len(kept)
            errors += [f"fsync {number}: {problem}" for problem in problems]
    for error in errors[:50]:
        print("FAILED", error)
    if kills < arguments.most:
        errors.append("")
        print(f"FAILED only {kills} of {arguments.most} servers were killed: strace may not trace here")
    print(f"{arguments.most} kills, {acknowledged} acknowledged; {time.monotonic() - started:.1f} s")
    print(f"{0 if errors else 1} passed, {1 if errors else 0} failed")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
