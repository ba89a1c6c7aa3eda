#!/bin/sh
# The demo job of `playhouse dev`.
echo "Hello, ${1:-you}. This is a job, and you are watching it live."
for step in 1 2 3; do
    sleep 1
    echo "step $step of 3"
done
echo "It works in $(pwd) and is gone when it ends."
