"""Writes a heartbeat, and tries until that works.

The bug: whatever fails is tried again at once, also what was refused with 429 because there were too many requests.
hot_loop_mended.py waits as long as it is told, and longer each time otherwise.
"""

import json
import os
import urllib.error
import urllib.request

URL = os.environ["FAKE_APISERVER_URL"] + "/api/v1/namespaces/default/configmaps"


def ask(method, path="", body=None):
    request = urllib.request.Request(URL + path, method=method, headers={"Content-Type": "application/json"})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(request, data, timeout=10) as answer:
        return json.load(answer)


def beat():
    heartbeat = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "heartbeat"}, "data": {"beats": "1"}}
    try:
        ask("POST", body=heartbeat)
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
        ask("PUT", "/heartbeat", heartbeat)


while True:
    try:
        beat()
        break
    except OSError:
        pass
