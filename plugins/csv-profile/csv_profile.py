#!/usr/bin/env python3
"""csv-profile: what is in the columns of a table. A process plugin with Python's standard library.

A call is one line of JSON on standard input; the answer is lines of JSON on standard output.
"""

import csv
import io
import json
import math
import sys

# How many different values of one column are told apart.
DISTINCT = 10_000


def main() -> None:
    call = json.loads(sys.stdin.readline())
    if call["call"] == "describe":
        say(description={"name": "csv-profile", "version": "1.0.0",
                         "description": "What is in the columns of a table in CSV."})
    elif call["call"] == "summarize":
        say(summary=summarize(call["metrics"]))
    elif call["call"] == "execute":
        try:
            say(metric=measure(call["context"]["input"]))
        except (ValueError, csv.Error) as error:
            say(error={"message": str(error)})


def say(**line: object) -> None:
    print(json.dumps(line, ensure_ascii=False))


def log(level: str, message: str) -> None:
    say(log={"level": level, "message": message})


def measure(given: object) -> dict:
    asked = given if isinstance(given, dict) else {"csv": given}
    text = asked.get("csv")
    if not isinstance(text, str):
        raise ValueError("expected a text, or an object with the field `csv`")
    rows = table(text, asked.get("delimiter"))
    names = rows.pop(0) if rows and asked.get("header", True) else []
    width = max((len(row) for row in [names, *rows]), default=0)
    columns = [Column(names[at] if at < len(names) else f"column {at + 1}") for at in range(width)]
    seen = set()
    duplicates = 0
    for row in rows:
        duplicates += tuple(row) in seen
        seen.add(tuple(row))
        for at, column in enumerate(columns):
            column.add(row[at] if at < len(row) else "")
    return {
        "rows": len(rows),
        "columns": width,
        "ragged_rows": sum(len(row) != width for row in rows),
        "duplicate_rows": duplicates,
        "empty_cells": sum(column.empty for column in columns),
        "profile": [column.profile() for column in columns],
    }


def table(text: str, delimiter: object) -> list:
    """The rows that are not empty."""
    csv.field_size_limit(len(text) + 1)
    if delimiter is None:
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t|", key=first.count)
        log("debug", f"the delimiter is {delimiter!r}")
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    return [row for row in reader if row]


class Column:
    def __init__(self, name: str) -> None:
        self.name = name
        self.empty = 0
        self.values: set = set()
        self.numbers = 0
        self.whole = True
        self.texts = 0
        self.least = math.inf
        self.most = -math.inf
        self.total = 0.0

    def add(self, cell: str) -> None:
        cell = cell.strip()
        if not cell:
            self.empty += 1
            return
        if len(self.values) < DISTINCT:
            self.values.add(cell)
        number = number_of(cell)
        if number is None:
            self.texts += 1
            return
        self.numbers += 1
        self.whole = self.whole and number == int(number)
        self.least = min(self.least, number)
        self.most = max(self.most, number)
        self.total += number

    def profile(self) -> dict:
        profile = {"name": self.name, "type": self.type(), "empty": self.empty,
                   "distinct": len(self.values)}
        if self.numbers:
            mean = self.total / self.numbers
            profile |= {"min": self.least, "max": self.most, "mean": mean}
        return profile

    def type(self) -> str:
        if self.texts:
            return "mixed" if self.numbers else "text"
        if self.numbers:
            return "integer" if self.whole else "number"
        return "empty"


def number_of(cell: str) -> "float | None":
    # Python also reads 1_000, which no table means.
    try:
        number = float(cell) if "_" not in cell else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) < 1e300 else None


def summarize(metrics: list) -> dict:
    fields = ("rows", "ragged_rows", "duplicate_rows", "empty_cells")
    return {"tables": len(metrics), **{field: sum(one[field] for one in metrics) for field in fields}}


if __name__ == "__main__":
    main()
