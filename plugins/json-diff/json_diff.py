"""json-diff: what differs between two JSON documents. A WASM component in Python."""

import json
from typing import Any, Iterator, List, Optional, Tuple

import wit_world
from wit_world import Context, Description, Outcome
from wit_world.imports import host
from componentize_py_types import Err

LISTED = 100
MISSING = object()

Change = Tuple[str, str, Any, Any]


class WitWorld(wit_world.WitWorld):
    def describe(self) -> Description:
        return Description("json-diff", "1.0.0", "What differs between two JSON documents.")

    def execute(self, context: Context) -> Outcome:
        given = json.loads(context.input)
        if not isinstance(given, dict) or not {"before", "after"} <= given.keys():
            raise Err("expected an object with the fields `before` and `after`")
        counts = {"added": 0, "removed": 0, "changed": 0}
        changes = []
        for path, kind, before, after in differences(given["before"], given["after"]):
            counts[kind] += 1
            if len(changes) < LISTED:
                change = {"path": path, "kind": kind}
                if before is not MISSING:
                    change["before"] = before
                if after is not MISSING:
                    change["after"] = after
                changes.append(change)
        total = sum(counts.values())
        if total > LISTED:
            host.log(host.Level.WARN, f"{total} differences, the first {LISTED} are listed")
        metric = {"equal": total == 0, **counts, "changes": changes}
        return Outcome(json.dumps(metric), None)

    def summarize(self, metrics: List[str]) -> Optional[str]:
        read = [json.loads(metric) for metric in metrics]
        summary = {kind: sum(one[kind] for one in read) for kind in ("added", "removed", "changed")}
        summary["documents"] = len(read)
        summary["equal"] = sum(one["equal"] for one in read)
        return json.dumps(summary)


def differences(before: Any, after: Any) -> Iterator[Change]:
    """Walks both documents with a list of its own: a document may be deeper than Python's stack."""
    waiting = [("", before, after)]
    while waiting:
        path, old, new = waiting.pop()
        if old is MISSING:
            yield path, "added", old, new
        elif new is MISSING:
            yield path, "removed", old, new
        elif isinstance(old, dict) and isinstance(new, dict):
            keys = list(old) + [key for key in new if key not in old]
            parts = [(key, old.get(key, MISSING), new.get(key, MISSING)) for key in keys]
            waiting.extend(reversed([(f"{path}/{escaped(key)}", a, b) for key, a, b in parts]))
        elif isinstance(old, list) and isinstance(new, list):
            for index in reversed(range(max(len(old), len(new)))):
                a = old[index] if index < len(old) else MISSING
                b = new[index] if index < len(new) else MISSING
                waiting.append((f"{path}/{index}", a, b))
        elif not same(old, new):
            yield path, "changed", old, new


def same(old: Any, new: Any) -> bool:
    """For Python True is 1, and for JSON it is not."""
    return isinstance(old, bool) == isinstance(new, bool) and old == new


def escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
