#!/usr/bin/env bash
# kubectl's work with manifests, on a server where roles decide:
#   echo admin,admin,1,system:masters > tokens.csv
#   fake-apiserver exec --tls --authorization-mode RBAC --token-auth-file tokens.csv -- examples/kubectl/manifests.sh
set -euo pipefail

. "${BASH_SOURCE%/*}/checks.sh"

shop=${BASH_SOURCE%/*}/shop.yaml
every_kind=${BASH_SOURCE%/*}/../../tests/manifests/every-kind.yaml

# said TEXT COMMAND... counts the lines that end so.
said() {
  local text=$1
  shift
  "$@" > "$work/out" 2> "$work/warnings" || cat "$work/warnings" >&2
  grep -c " $text\$" "$work/out" || true
}

documents=$(grep -c '^kind:' "$shop")
# The binding's service account is in the namespace that is applied to.
sed "s/{kind: ServiceAccount, name: worker}/{kind: ServiceAccount, name: worker, namespace: $namespace}/" \
  "$shop" > "$work/shop.yaml"

refused "a diff tells of what is not there yet" "kind: StatefulSet" k diff -f "$work/shop.yaml"
is "an apply creates all of it" "$documents" "$(said created k apply -f "$work/shop.yaml")"
is "a second apply leaves all of it" "$documents" "$(said unchanged k apply -f "$work/shop.yaml")"
is "a diff finds nothing" "" "$(k diff -f "$work/shop.yaml")"

sed -e 's/colour: red/colour: blue/' -e 's/replicas: 3/replicas: 4/' -e '/^# What is below/,$d' \
  "$work/shop.yaml" > "$work/next.yaml"
refused "a diff tells of a change" "^+  colour: blue" k diff -f "$work/next.yaml"
is "a diff changes nothing" red "$(k get configmap settings -o jsonpath='{.data.colour}')"
is "an apply changes two" 2 "$(said configured k apply -f "$work/next.yaml")"
is "the one" blue "$(k get configmap settings -o jsonpath='{.data.colour}')"
is "and the other" 4 "$(k get deployment web -o jsonpath='{.spec.replicas}')"

k create configmap mine > "$work/out"
is "a prune removes two" 2 "$(said pruned k apply --prune --selector part-of=shop -f "$work/next.yaml")"
refused "the one is gone" "(NotFound)" k get configmap old-settings
refused "and the other" "(NotFound)" k get deployment old-web
is "what has no label stays" configmap/mine "$(k get configmap mine -o name)"

# There is no controller: the script says what became of it.
status() { k patch "$1" "$2" --subresource status --type merge --patch "{\"status\": $3}" > "$work/out"; }
exec 3< <(k rollout status deployment/web --timeout 20s)
read -r -u 3 waiting
is "a rollout is waited for" "Waiting for deployment spec update to be observed..." "$waiting"
generation=$(k get deployment web -o jsonpath='{.metadata.generation}')
is "each change of the spec counts" 2 "$generation"
status deployment web '{"observedGeneration": 2, "replicas": 4, "updatedReplicas": 4, "readyReplicas": 4,
  "availableReplicas": 2}'
read -r -u 3 waiting
is "until it is observed" \
  'Waiting for deployment "web" rollout to finish: 2 of 4 updated replicas are available...' "$waiting"
status deployment web '{"availableReplicas": 4, "conditions": [{"type": "Available", "status": "True"}]}'
read -r -u 3 rolled_out
is "and available" 'deployment "web" successfully rolled out' "$rolled_out"
exec 3<&-
is "a condition is waited for" "deployment.apps/web condition met" \
  "$(k wait deployment/web --for condition=Available --timeout 10s)"

k wait job/migrate --for condition=Complete --timeout 20s > "$work/waited" &
waiting=$!
status job migrate '{"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:00Z", "succeeded": 1,
  "conditions": [{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}]}'
wait "$waiting"
is "a job is waited for" "job.batch/migrate condition met" "$(cat "$work/waited")"
k run once --image nginx > "$work/out"
k wait pod/once --for delete --timeout 20s > "$work/waited" &
waiting=$!
k delete pod once > "$work/out"
wait "$waiting"
refused "the end of a pod is waited for" "(NotFound)" k get pod once
refused "nobody waits for ever" "timed out waiting for the condition" \
  k wait deployment/web --for condition=Progressing --timeout 1s

worker=system:serviceaccount:$namespace:worker
is "who is bound may" yes "$(k auth can-i list pods --as "$worker")"
refused "but nothing else" "^no" k auth can-i delete pods --as "$worker"
refused "nor anybody else" "^no" k auth can-i list pods --as alice
k auth can-i --list --as "$worker" > "$work/out"
is "it can be listed" 1 "$(grep -c '^pods .*\[get list\]$' "$work/out")"
refused "it is so" "(Forbidden)" k delete pod once --as "$worker"

k explain deployment.spec.replicas > "$work/out"
is "a field is explained" "FIELD: replicas <integer>" "$(grep FIELD "$work/out")"
k explain deployment.spec.strategy --recursive > "$work/out"
is "and what is in it" 1 "$(grep -c 'maxSurge.*<IntOrString>' "$work/out")"

documents=$(grep -c '^kind:' "$every_kind")
is "every kind is applied" "$documents" \
  "$(said serverside-applied kubectl apply --server-side -f "$every_kind")"
is "and as it was said" "" "$(kubectl diff --server-side -f "$every_kind" 2> "$work/warnings")"
kubectl delete -f "$every_kind" --ignore-not-found --wait=false > "$work/out" 2> "$work/warnings"
kubectl wait namespace/every-kind --for delete --timeout 30s > "$work/out"
refused "and deleted" "(NotFound)" kubectl get namespace every-kind
