#!/bin/sh
# error.t: every system call of submission and delivery fails; see error.py.
exec python3 -B "$(dirname "$0")/error.py"
