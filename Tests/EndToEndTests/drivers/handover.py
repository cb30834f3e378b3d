#!/usr/bin/env python3
"""Starts a program the way systemd does for a socket unit: with a listening socket as descriptor 3.

    handover.py ADDRESS PROGRAM ARGUMENT...        ADDRESS is HOST:PORT or a path
"""
import os
import socket
import sys

if sys.argv[1].startswith("/"):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
else:
    host, _, port = sys.argv[1].rpartition(":")
    listener = socket.create_server((host, int(port)))
listener.listen(64)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="chartroom.socket")
os.execv(sys.argv[2], sys.argv[2:])
