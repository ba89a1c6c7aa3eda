# Runs the script of a step with the names that it may use.
import importlib.util
import json
import os
import sys

step = os.path.join(os.getcwd(), ".step")
with open(os.path.join(step, "given.json"), encoding="utf-8") as file:
    given = json.load(file)
with open(os.path.join(step, "script.py"), encoding="utf-8") as file:
    source = file.read()
missing = [name for name in given["packages"] if importlib.util.find_spec(name) is None]
if missing:
    sys.exit("packages that are not installed here: " + ", ".join(missing))
kept = {}


def names():
    import time
    import xml.etree.ElementTree as ET
    import zipfile
    from pathlib import Path

    def set_variable(name, value):
        json.dumps(value)
        kept[str(name)] = value
        given["variables"][str(name)] = value

    def get_variable(name, default=None):
        return given["variables"].get(name, default)

    return {
        "__name__": "__main__",
        "Path": Path,
        "zipfile": zipfile,
        "ET": ET,
        "json": json,
        "time": time,
        "set_variable": set_variable,
        "get_variable": get_variable,
        "timeout_overrides": given["timeout_overrides"],
    }


def keep():
    with open(os.path.join(step, "set.json"), "w", encoding="utf-8") as file:
        json.dump(kept, file)


try:
    exec(compile(source, "script.py", "exec"), names())
finally:
    keep()
