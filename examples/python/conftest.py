import uuid

import pytest
from kubernetes import client, config


@pytest.fixture(scope="session")
def api():
    config.load_kube_config()
    return client.CoreV1Api()


@pytest.fixture
def namespace(api):
    """A namespace of the test's own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    api.create_namespace({"metadata": {"name": name}})
    yield name
    api.delete_namespace(name)
