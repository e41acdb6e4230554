"""How the crash tests start and end: their command line, a seed that repeats a run, and what is left of the store."""
import argparse
import os
import random
import sys
import time

import harness


def store_faults(server):
    """What `meter-server check` says against the store of a server; nothing when it is sound."""
    check = server.command("check", "--store", server.store, check=False)
    return [] if check.returncode == 0 else [f"check: {check.stdout}{check.stderr}"]


def main(about, run, **numbers):
    """Ends the process with the outcome of run(seed=..., **numbers), which returns what it found wrong.

    Each number is an option of its own: its default, or its default and the environment variable that overrides it.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in numbers.items():
        if isinstance(default, tuple):
            default = type(default[0])(os.environ.get(default[1], default[0]))
        parser.add_argument(f"--{name}", type=type(default), default=default)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    arguments = parser.parse_args()
    if not harness.BINARY.exists():
        sys.exit(f"there is no server at {harness.BINARY}; build it or set METER_SERVER")
    print(f"seed {arguments.seed}", flush=True)
    started = time.monotonic()
    errors = run(**vars(arguments))
    for error in errors[:50]:
        print("FAILED", error)
    print(f"{time.monotonic() - started:.1f} s")
    print(f"{0 if errors else 1} passed, {1 if errors else 0} failed")
    sys.exit(1 if errors else 0)
