#!/usr/bin/env python3
"""Takes the messages that a program sends to its service manager, and prints each line of them.

    manager.py SOCKET
"""
import socket
import sys

manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("waiting", flush=True)
while True:
    print(manager.recv(65_536).decode(), flush=True)
