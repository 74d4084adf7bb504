#!/usr/bin/env bash
# kubectl through the faults of faults.yaml:
#   fake-apiserver exec --faults examples/faults/faults.yaml -- bash examples/faults/kubectl.sh
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

endpoints() {
  printf 'apiVersion: v1\nkind: Endpoints\nmetadata: {name: %s, namespace: default, labels: {app: shop}}\n' "$1"
}
fired() {
  kubectl get --raw /_fake/faults | python3 -c '
import json, sys
rules = {rule["rule"]["name"]: rule["fired"] for rule in json.load(sys.stdin)["faults"]}
sys.exit(0 if rules[sys.argv[1]] == 1 else f"{sys.argv[1]} fired {rules[sys.argv[1]]} times")' "$1"
}

endpoints db | kubectl create -f -

# The list before the watch is throttled; kubectl waits as Retry-After says, and asks again.
kubectl get endpoints --watch --output=name >"$work/seen" 2>"$work/problem" &
watcher=$!
until grep -q endpoints/db "$work/seen"; do
  kill -0 "$watcher" # it must not have given up
done
fired "a throttled list"
echo "list: comes through a 429"

# The stream breaks in the middle of the second event.
kubectl label endpoints db step=one
kubectl label endpoints db step=two --overwrite
wait "$watcher" || true
fired "a broken watch"
echo "watch: ends where its stream breaks"

# The first read is refused with 503, and repeated by kubectl.
kubectl get endpoints db --output=yaml >"$work/db.yaml"
fired "a server that is away for a moment"
echo "get: comes through a 503"

# Another writer was there first: kubectl replace gives up, and works with a fresh copy.
sed -i 's/app: shop/app: changed/' "$work/db.yaml"
if kubectl replace -f "$work/db.yaml" 2>"$work/conflict"; then
  echo "the replace should have lost its race" >&2
  exit 1
fi
grep -q 'the object has been modified' "$work/conflict"
fired "a conflict"
kubectl get endpoints db --output=yaml | sed 's/app: shop/app: changed/' | kubectl replace -f -
echo "replace: loses its race, and wins with a fresh copy"
