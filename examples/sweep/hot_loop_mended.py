"""The heartbeat of hot_loop.py, by a client that waits before it tries again."""

import json
import os
import time
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


wait = 0.05
while True:
    try:
        beat()
        break
    except urllib.error.HTTPError as error:
        wait = max(wait, float(error.headers.get("Retry-After", 0)))
    except OSError:
        pass
    time.sleep(wait)
    wait *= 2
