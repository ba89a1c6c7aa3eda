#!/usr/bin/env python3
"""Loads a service of a playground: load.py SERVICE PORT PATH REQUESTS.

Prints what it measured as JSON, and a line of log for each request that failed.
"""

import http.client
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

WORKERS = 4

service, port, path, requests = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
variable = "PLAYGROUND_HOST_" + "".join(c.upper() if c.isascii() and c.isalnum() else "_" for c in service)
if variable not in os.environ:
    sys.exit(f"ERROR no container of service {service} runs")
host = os.environ[variable]


def log(level, message):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(f"{now} {level} {message}", file=sys.stderr)


def ask(number):
    """One request: how long it took in milliseconds, and whether it was answered well."""
    start = time.perf_counter()
    try:
        connection = http.client.HTTPConnection(host, port, timeout=10)
        connection.request("GET", path, headers={"Host": service})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        well = answer.status < 500
        if not well:
            log("ERROR", f"request {number}: status {answer.status}")
    except OSError as error:
        well = False
        log("ERROR", f"request {number}: {error}")
    return (time.perf_counter() - start) * 1000, well


with ThreadPoolExecutor(WORKERS) as pool:
    began = time.perf_counter()
    answers = list(pool.map(ask, range(requests)))
    took = time.perf_counter() - began
times = sorted(time for time, _ in answers)


def percentile(share):
    return round(times[min(len(times) - 1, int(len(times) * share))], 2)


errors = sum(not well for _, well in answers)
log("INFO", f"{requests} requests to {service}, {errors} errors")
print(json.dumps({
    "requests": requests,
    "errors": errors,
    "p50_ms": percentile(0.5),
    "p95_ms": percentile(0.95),
    "slowest_ms": round(times[-1], 2),
    "per_second": round(requests / took, 1),
}))
