#!/usr/bin/env python3
"""Starts a program for which a write beyond the file size limit is an error and not a signal.

    limited.py PROGRAM ARGUMENT...

The limit itself is set from outside, with prlimit(1), while the program runs: no write succeeds any more, as on a disk
that is full or gone, and that needs neither root nor a disk.
"""
import os
import signal
import sys

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
