"""Pods, deployments, jobs, roles and a leader with the official Python client, where roles decide:

    pip install kubernetes pytest
    echo admin,admin,1,system:masters > tokens.csv
    fake-apiserver exec --tls --authorization-mode RBAC --token-auth-file tokens.csv -- pytest examples/python
"""

import queue
import threading

import pytest
from kubernetes import client, informer, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError
from kubernetes.leaderelection import leaderelection
from kubernetes.leaderelection.electionconfig import Config
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

RBAC = "rbac.authorization.k8s.io"
TIME = "2026-01-01T00:00:00Z"


@pytest.fixture
def apps(api):
    return client.AppsV1Api()


@pytest.fixture
def batch(api):
    return client.BatchV1Api()


def template(app, **spec):
    container = {"name": "main", "image": "nginx:1"}
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container], **spec}}


def pod(name, app="shop"):
    made = template(app)
    made["metadata"]["name"] = name
    return made


def deployment(image="nginx:1", **spec):
    made = template("web")
    made["spec"]["containers"][0]["image"] = image
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": made, **spec},
    }


def job(name, **spec):
    return {"metadata": {"name": name}, "spec": {"template": template("job", restartPolicy="Never"), **spec}}


def names(listed):
    return [item.metadata.name for item in listed.items]


def refused(status, call, *arguments, **options):
    with pytest.raises(ApiException) as caught:
        call(*arguments, **options)
    assert caught.value.status == status, caught.value.body
    return caught.value


def test_pods_are_found_by_labels_and_fields(api, namespace):
    for name, app in [("a", "shop"), ("b", "shop"), ("c", "web")]:
        created = api.create_namespaced_pod(namespace, pod(name, app))
        assert created.status.phase == "Pending"
        assert created.spec.restart_policy == "Always"
    api.patch_namespaced_pod_status("a", namespace, {"status": {"phase": "Running"}})

    assert names(api.list_namespaced_pod(namespace, label_selector="app=shop")) == ["a", "b"]
    assert names(api.list_namespaced_pod(namespace, label_selector="app notin (shop)")) == ["c"]
    assert names(api.list_namespaced_pod(namespace, field_selector="status.phase=Running")) == ["a"]
    both = {"label_selector": "app=shop", "field_selector": "metadata.name!=a"}
    assert names(api.list_namespaced_pod(namespace, **both)) == ["b"]


def test_a_pod_on_a_node_ends_in_its_own_time(api, namespace):
    api.create_namespaced_pod(namespace, pod("a"))
    binding = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "node-1"}}
    # The answer is a Status, which the client does not expect.
    api.create_namespaced_pod_binding("a", namespace, binding, _preload_content=False)
    assert api.read_namespaced_pod("a", namespace).spec.node_name == "node-1"

    api.delete_namespaced_pod("a", namespace)
    ending = api.read_namespaced_pod("a", namespace)
    assert ending.metadata.deletion_timestamp
    assert ending.metadata.deletion_grace_period_seconds == 30
    # As the kubelet does when the containers have ended.
    api.delete_namespaced_pod("a", namespace, grace_period_seconds=0)
    refused(404, api.read_namespaced_pod, "a", namespace)


def test_a_field_has_one_manager(api, namespace):
    deployments = DynamicClient(client.ApiClient()).resources.get(api_version="apps/v1", kind="Deployment")

    def apply(image, manager, **options):
        return deployments.server_side_apply(
            body=deployment(image), namespace=namespace, field_manager=manager, **options
        )

    assert apply("nginx:1", "shop").metadata.generation == 1
    with pytest.raises(ConflictError) as caught:
        apply("nginx:2", "other")
    assert '.spec.template.spec.containers[name=\\"main\\"].image' in caught.value.body

    forced = apply("nginx:2", "other", force_conflicts=True)
    assert forced.spec.template.spec.containers[0].image == "nginx:2"
    assert forced.metadata.generation == 2
    assert {entry.manager for entry in forced.metadata.managedFields} == {"other", "shop"}


def test_a_deployment_is_scaled_and_becomes_available(apps, namespace):
    apps.create_namespaced_deployment(namespace, deployment())
    scale = apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
    assert scale.status.selector == "app=web"
    scaled = apps.read_namespaced_deployment("web", namespace)
    assert (scaled.spec.replicas, scaled.metadata.generation) == (3, 2)

    status = {"observedGeneration": 2, "replicas": 3, "readyReplicas": 3, "availableReplicas": 3}
    apps.patch_namespaced_deployment_status("web", namespace, {"status": status, "spec": {"replicas": 9}})
    watcher = watch.Watch()
    for event in watcher.stream(
        apps.list_namespaced_deployment,
        namespace,
        resource_version=scaled.metadata.resource_version,
        timeout_seconds=30,
    ):
        assert event["type"] == "MODIFIED"
        available = event["object"]
        watcher.stop()
    assert available.status.available_replicas == 3
    # Only the status was written.
    assert available.spec.replicas == 3


def test_what_a_deployment_owns_goes_with_it(apps, namespace):
    web = apps.create_namespaced_deployment(namespace, deployment())
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": web.metadata.uid}
    replica_set = {
        "metadata": {"name": "web-1", "ownerReferences": [owner]},
        "spec": {"selector": web.spec.selector, "template": web.spec.template},
    }
    created = apps.create_namespaced_replica_set(namespace, replica_set)
    apps.delete_namespaced_deployment("web", namespace, propagation_policy="Background")
    watcher = watch.Watch()
    for event in watcher.stream(
        apps.list_namespaced_replica_set,
        namespace,
        resource_version=created.metadata.resource_version,
        timeout_seconds=30,
    ):
        if event["type"] == "DELETED":
            watcher.stop()
    refused(404, apps.read_namespaced_replica_set, "web-1", namespace)


def test_a_job_keeps_its_template(batch, namespace):
    created = batch.create_namespaced_job(namespace, job("once"))
    labels = created.spec.template.metadata.labels
    assert labels["batch.kubernetes.io/controller-uid"] == created.metadata.uid
    assert created.spec.backoff_limit == 6

    change = {"spec": {"template": template("job", restartPolicy="OnFailure")}}
    assert "field is immutable" in refused(422, batch.patch_namespaced_job, "once", namespace, change).body
    assert batch.patch_namespaced_job("once", namespace, {"spec": {"suspend": True}}).spec.suspend


def test_a_job_is_complete_by_rules(batch, namespace):
    batch.create_namespaced_job(namespace, job("once"))
    conditions = [{"type": kind, "status": "True"} for kind in ("SuccessCriteriaMet", "Complete")]

    def write(**status):
        status = {"succeeded": 1, "conditions": conditions, **status}
        return batch.patch_namespaced_job_status("once", namespace, {"status": status})

    # It has neither begun nor ended.
    refused(422, write)
    assert write(startTime=TIME, completionTime=TIME).status.succeeded == 1


def test_an_informer_keeps_what_there_is(api, namespace):
    api.create_namespaced_pod(namespace, pod("a"))
    told = queue.Queue()
    pods = informer.SharedInformer(api.list_namespaced_pod, namespace=namespace, label_selector="app=shop")
    for kind in (informer.ADDED, informer.MODIFIED, informer.DELETED):
        pods.add_event_handler(kind, lambda pod, kind=kind: told.put((kind, pod.metadata.name)))
    pods.start()
    assert told.get(timeout=10) == ("ADDED", "a")
    api.create_namespaced_pod(namespace, pod("b"))
    api.create_namespaced_pod(namespace, pod("other", "web"))
    assert told.get(timeout=10) == ("ADDED", "b")
    # A pod that is not among them any more is deleted for whoever looks at these.
    api.patch_namespaced_pod("a", namespace, {"metadata": {"labels": {"app": "web"}}})
    assert told.get(timeout=10) == ("DELETED", "a")
    assert [pod.metadata.name for pod in pods.cache.list()] == ["b"]
    pods.stop()


def test_an_old_copy_is_a_conflict(apps, namespace):
    old = apps.create_namespaced_deployment(namespace, deployment())
    apps.patch_namespaced_deployment("web", namespace, {"spec": {"minReadySeconds": 5}})
    old.spec.paused = True
    refused(409, apps.replace_namespaced_deployment, "web", namespace, old)

    read = apps.read_namespaced_deployment("web", namespace)
    read.spec.paused = True
    written = apps.replace_namespaced_deployment("web", namespace, read)
    assert (written.spec.paused, written.spec.min_ready_seconds) == (True, 5)


def test_a_bound_role_counts_until_it_is_unbound(api, namespace):
    alice = client.ApiClient()
    alice.set_default_header("Impersonate-User", "alice")
    rbac = client.RbacAuthorizationV1Api()

    def may(verb, resource):
        attributes = {"namespace": namespace, "verb": verb, "resource": resource}
        review = {"spec": {"resourceAttributes": attributes}}
        return client.AuthorizationV1Api(alice).create_self_subject_access_review(review).status.allowed

    assert not may("list", "pods")
    refused(403, client.CoreV1Api(alice).list_namespaced_pod, namespace)
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": [RBAC], "resources": ["roles"], "verbs": ["create"]},
    ]
    rbac.create_namespaced_role(namespace, {"metadata": {"name": "reader"}, "rules": rules})
    binding = {
        "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "reader"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "alice"}],
    }
    rbac.create_namespaced_role_binding(namespace, binding)
    assert may("list", "pods")
    assert not may("delete", "pods")
    assert client.CoreV1Api(alice).list_namespaced_pod(namespace).items == []

    # Nobody gives away what they do not have.
    more = {"metadata": {"name": "more"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]}]}
    error = refused(403, client.RbacAuthorizationV1Api(alice).create_namespaced_role, namespace, more)
    assert "is attempting to grant RBAC permissions not currently held" in error.body

    rbac.delete_namespaced_role_binding("reader", namespace)
    assert not may("list", "pods")


def test_a_lease_has_one_leader(api, namespace):
    told = queue.Queue()
    stop = {name: threading.Event() for name in "ab"}

    def work(name):
        told.put(f"{name} leads")
        assert stop[name].wait(30)
        raise InterruptedError("a leader that fails ends")

    def candidate(name):
        config = Config(
            LeaseLock("leader", namespace, name),
            lease_duration=3,
            renew_deadline=2,
            retry_period=1,
            onstarted_leading=lambda: work(name),
            onstopped_leading=lambda: told.put(f"{name} ends"),
        )
        thread = threading.Thread(target=leaderelection.LeaderElection(config).run)
        thread.start()
        return thread

    def lease():
        return client.CoordinationV1Api().read_namespaced_lease("leader", namespace)

    threads = [candidate("a")]
    assert told.get(timeout=10) == "a leads"
    first = lease()
    assert first.spec.holder_identity == "a"
    threads.append(candidate("b"))
    stop["a"].set()
    assert told.get(timeout=10) == "a ends"
    # What it does not renew is somebody else's when it has run out.
    assert told.get(timeout=10) == "b leads"
    second = lease()
    assert second.spec.holder_identity == "b"
    assert second.spec.acquire_time > first.spec.acquire_time
    stop["b"].set()
    for thread in threads:
        thread.join(10)
    assert told.get(timeout=10) == "b ends"
