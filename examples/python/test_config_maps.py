"""The official Python client against the server that KUBECONFIG names:

    pip install kubernetes pytest
    fake-apiserver exec -- pytest examples/python/test_config_maps.py
"""

import pytest
from kubernetes import watch
from kubernetes.client.exceptions import ApiException


def config_map(name, **data):
    return {"metadata": {"name": name, "labels": {"app": "shop"}}, "data": data}


def refusal(call, *arguments, **options):
    with pytest.raises(ApiException) as caught:
        call(*arguments, **options)
    return caught.value


def test_what_is_created_can_be_read_changed_and_deleted(api, namespace):
    created = api.create_namespaced_config_map(namespace, config_map("db", colour="red"))
    assert created.metadata.uid
    read = api.read_namespaced_config_map("db", namespace)
    assert read.data == {"colour": "red"}

    patched = api.patch_namespaced_config_map("db", namespace, {"data": {"colour": "blue"}})
    assert patched.metadata.resource_version != created.metadata.resource_version
    listed = api.list_namespaced_config_map(namespace, label_selector="app=shop")
    assert [item.data["colour"] for item in listed.items] == ["blue"]

    api.delete_namespaced_config_map("db", namespace)
    assert refusal(api.read_namespaced_config_map, "db", namespace).status == 404


def test_what_is_there_cannot_be_created_again(api, namespace):
    api.create_namespaced_config_map(namespace, config_map("db"))
    error = refusal(api.create_namespaced_config_map, namespace, config_map("db"))
    assert (error.status, error.reason) == (409, "Conflict")
    assert '"reason":"AlreadyExists"' in error.body


def test_a_dry_run_stores_nothing(api, namespace):
    api.create_namespaced_config_map(namespace, config_map("db"), dry_run="All")
    names = [item.metadata.name for item in api.list_namespaced_config_map(namespace).items]
    assert "db" not in names


def test_a_list_comes_page_by_page(api, namespace):
    for number in range(5):
        api.create_namespaced_config_map(namespace, config_map(f"c{number}"))
    names, token = [], None
    while token != "":
        page = api.list_namespaced_config_map(namespace, limit=2, _continue=token)
        assert len(page.items) <= 2
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue or ""
    # Every namespace has one more.
    names.remove("kube-root-ca.crt")
    assert names == ["c0", "c1", "c2", "c3", "c4"]


def test_a_watch_tells_of_each_write(api, namespace):
    start = api.list_namespaced_config_map(namespace).metadata.resource_version
    api.create_namespaced_config_map(namespace, config_map("db", colour="red"))
    api.patch_namespaced_config_map("db", namespace, {"data": {"colour": "blue"}})
    api.delete_namespaced_config_map("db", namespace)
    told = []
    watcher = watch.Watch()
    for event in watcher.stream(api.list_namespaced_config_map, namespace, resource_version=start, timeout_seconds=30):
        told.append((event["type"], event["object"].data["colour"]))
        if event["type"] == "DELETED":
            watcher.stop()
    assert told == [("ADDED", "red"), ("MODIFIED", "blue"), ("DELETED", "blue")]


def count(api, namespace, meanwhile=lambda: None):
    """Adds one, and begins again if someone else was faster. Returns how often it tried."""
    for attempt in range(1, 10):
        read = api.read_namespaced_config_map("counter", namespace)
        meanwhile()
        read.data["count"] = str(int(read.data["count"]) + 1)
        try:
            api.replace_namespaced_config_map("counter", namespace, read)
            return attempt
        except ApiException as error:
            if error.status != 409:
                raise
    raise AssertionError("never came through")


def test_a_retry_gets_over_a_lost_race(api, namespace):
    api.create_namespaced_config_map(namespace, config_map("counter", count="0"))
    others = iter([count, count])

    def someone_else():
        if other := next(others, None):
            other(api, namespace)

    assert count(api, namespace, meanwhile=someone_else) == 3
    assert api.read_namespaced_config_map("counter", namespace).data["count"] == "3"
