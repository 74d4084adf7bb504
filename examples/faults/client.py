"""The Python client through the faults of faults.yaml:

    fake-apiserver exec --faults examples/faults/faults.yaml -- python examples/faults/client.py
"""

import json
import time
import urllib.request
import warnings

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

warnings.simplefilter("ignore")
config.load_kube_config()
# Left to itself, urllib3 repeats what is refused with a Retry-After; here every refusal is to be seen.
settings = client.Configuration.get_default_copy()
settings.retries = False
calls = client.ApiClient(settings)
api = client.CoreV1Api(calls)


def expect(code, call, *arguments, **options):
    """The call is refused with this code; what the answer says of a retry is waited for."""
    try:
        call(*arguments, **options)
    except ApiException as refusal:
        assert refusal.status == code, refusal
        time.sleep(int(refusal.headers.get("Retry-After", 0)))
        return
    raise AssertionError(f"expected {code}")


db = api.create_namespaced_endpoints("default", {"metadata": {"name": "db", "labels": {"step": "zero"}}})

expect(503, api.read_namespaced_endpoints, "db", "default")
assert api.read_namespaced_endpoints("db", "default").metadata.uid == db.metadata.uid
print("get: meets a 503, and comes through")

expect(429, api.list_namespaced_endpoints, "default")
listed = api.list_namespaced_endpoints("default")
assert [item.metadata.name for item in listed.items] == ["db"]
print("list: meets a 429, and comes through")

db.metadata.labels["step"] = "one"
expect(409, api.replace_namespaced_endpoints, "db", "default", db)
db = api.read_namespaced_endpoints("db", "default")
db.metadata.labels = {"step": "one"}
api.replace_namespaced_endpoints("db", "default", db)
print("replace: loses its race, and wins with a fresh copy")

# Two changes happened since the list. The stream breaks in the middle of the second; a new watch goes on from the first.
seen = []
watches = 0
version = listed.metadata.resource_version
while len(seen) < 2:
    watches += 1
    stream = watch.Watch().stream(
        api.list_namespaced_endpoints, "default", resource_version=version, timeout_seconds=5
    )
    try:
        for event in stream:
            seen.append((event["object"].metadata.labels or {}).get("step"))
            version = event["object"].metadata.resource_version
            if len(seen) == 2:
                break
    except (ValueError, HTTPError) as broken:
        print(f"watch: breaks after {len(seen)} of 2 events ({type(broken).__name__})")
assert (watches, seen) == (2, ["zero", "one"]), (watches, seen)
print("watch: goes on where it broke")

with urllib.request.urlopen(f"{settings.host}/_fake/faults") as answer:
    fired = {rule["rule"]["name"]: rule["fired"] for rule in json.load(answer)["faults"]}
assert set(fired.values()) == {1}, fired
