"""Trivial steps, each recorded before the next one begins: prints how long each of the given numbers of them took."""

import sys
import time

from dbos import DBOS

url, counts = sys.argv[1], [int(count) for count in sys.argv[2:]]
DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "run_admin_server": False})


@DBOS.step()
def step(number: int) -> str:
    return "hello"


@DBOS.workflow()
def steps(count: int) -> int:
    for number in range(count):
        step(number)
    return count


if __name__ == "__main__":
    DBOS.launch()
    steps(10)
    for count in counts:
        begun = time.perf_counter()
        steps(count)
        print(f"took_ms={(time.perf_counter() - begun) * 1000}", flush=True)
    DBOS.destroy()
