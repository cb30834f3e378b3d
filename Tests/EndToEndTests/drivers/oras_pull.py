#!/usr/bin/env python3
"""ORAS for Python pulls an artifact over plain HTTP into a folder; prints the files' names.

    oras_pull.py HOST/REPOSITORY:TAG FOLDER
"""
import sys

import oras.client

TARGET, FOLDER = sys.argv[1:]
client = oras.client.OrasClient(hostname=TARGET.split("/", 1)[0], insecure=True)
for name in client.pull(TARGET, outdir=FOLDER, allowed_media_type=None):
    print(name)
