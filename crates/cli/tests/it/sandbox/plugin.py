#!/usr/bin/python3
"""Runs the hostile program with the call's input, and hands on what it prints."""
import json, os, subprocess, sys

call = json.loads(sys.stdin.readline())
if call["call"] == "execute":
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hostile.py")
    given = json.dumps(call["context"]["input"])
    # A process that it leaves behind would keep a pipe open.
    with open("printed", "w+") as file:
        subprocess.run([sys.executable, program, given], stdout=file, check=True)
        file.seek(0)
        print(json.dumps({"metric": {"printed": file.read()}}))
