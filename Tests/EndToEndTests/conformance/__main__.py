"""Checks a registry against OCI Distribution from outside, over HTTP alone. Standard library only.

    python3 Tests/EndToEndTests/conformance http://127.0.0.1:5000
    python3 Tests/EndToEndTests/conformance https://host:5000 --ca-file ca.pem --user admin --password secret

Prints one line a check and exits 1 when one failed. Which answers are right was read off the text of the
specification (spec.md at v1.1.1 and at 1.2-dev) and off the official suite; `--level` leaves out what is newer than a
version: 1.0, 1.1, dev (what is coming in 1.2), house (what this project promises beyond the text).
"""
import argparse
import os
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import blobs  # noqa: E402,F401
import failures  # noqa: E402,F401
import manifests  # noqa: E402,F401
import referrers  # noqa: E402,F401
import tags  # noqa: E402,F401
import uploads  # noqa: E402,F401
from client import Client  # noqa: E402
from suite import CHECKS, LEVELS, Failure, Repository  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--ca-file")
    parser.add_argument("--level", choices=LEVELS, default="house")
    parser.add_argument("--sparse", action="store_true", help="the registry takes manifests with missing parts")
    parser.add_argument("--only", default="", help="checks whose name contains this")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--verbose", action="store_true", help="print each exchange of a failed check")
    return parser.parse_args()


def main():
    given = arguments()
    print("seed %d" % given.seed)
    chosen = [
        check for check in CHECKS
        if LEVELS.index(check.level) <= LEVELS.index(given.level)
        and given.only in check.name and (given.sparse or not check.needs_sparse)
    ]
    failed = []
    for number, check in enumerate(chosen):
        client = Client(given.url, given.user, given.password, given.ca_file)
        repository = Repository(client, "conformance/run-%08x/check-%03d" % (given.seed, number), given.seed + number)
        try:
            check.body(repository, *check.arguments)
            print("ok    %s [%s]" % (check.name, check.level))
        except Failure as failure:
            failed.append(check)
            print("FAIL  %s [%s]: %s" % (check.name, check.level, failure))
        except Exception:  # a check that trips over an answer is a failed check
            failed.append(check)
            print("FAIL  %s [%s]: %s" % (check.name, check.level, traceback.format_exc(limit=-2)))
        if failed and failed[-1] is check and given.verbose:
            print("".join("        %s\n" % exchange for exchange in client.exchanges), end="")
        client.close()
        sys.stdout.flush()
    print("%d checks, %d failed" % (len(chosen), len(failed)))
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
