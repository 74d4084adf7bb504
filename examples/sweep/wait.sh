#!/usr/bin/env bash
# A deployment is ready after a while, and kubectl waits for it:
#
#     fake-apiserver sweep --setup web.yaml --ignore status.observedGeneration -- ./wait.sh rollout status deployment/web
#     fake-apiserver sweep --setup web.yaml --ignore status.observedGeneration -- ./wait.sh wait --for=condition=Available deployment/web

# The controller's part, which is written until it is there.
status() {
  curl --silent --fail --retry 10 --retry-all-errors --output /dev/null \
    --request PATCH --header 'Content-Type: application/merge-patch+json' --data "{\"status\": $1}" \
    "$FAKE_APISERVER_URL/apis/apps/v1/namespaces/default/deployments/web/status"
}
{
  sleep 0.3
  status '{"observedGeneration": 9, "replicas": 1, "updatedReplicas": 1}'
  sleep 0.3
  status '{"readyReplicas": 1, "availableReplicas": 1,
    "conditions": [{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}]}'
} &
kubectl "$@" --timeout=20s
code=$?
wait
exit $code
