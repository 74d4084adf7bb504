#!/usr/bin/env bash
# kubectl against the server that KUBECONFIG names:
#   fake-apiserver exec -- examples/kubectl/test.sh
set -euo pipefail

. "${BASH_SOURCE%/*}/checks.sh"

colour() { k get configmap db -o jsonpath='{.data.colour}'; }

k create configmap db --from-literal=colour=red > "$work/out"
is "what is created can be read" red "$(colour)"
refused "what is there cannot be created again" "already exists" k create configmap db

k patch configmap db --type merge -p '{"data":{"colour":"green"}}' > "$work/out"
is "a patch changes it" green "$(colour)"

k get configmap db -o yaml > "$work/old.yaml"
k label configmap db tier=front > "$work/out"
refused "an old copy is a conflict" "(Conflict)" k replace -f "$work/old.yaml"

cat > "$work/applied.yaml" <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: applied}
data: {colour: red}
YAML
is "an apply creates" "configmap/applied serverside-applied" "$(k apply --server-side -f "$work/applied.yaml")"
sed -i.bak s/red/blue/ "$work/applied.yaml"
refused "an apply of another's field is a conflict" "conflict with \"kubectl\"" \
  k apply --server-side --field-manager other -f "$work/applied.yaml"

k get configmaps --watch-only -o name > "$work/watched" &
watching=$!
until [ -s "$work/watched" ]; do
  # Something happens until the watch tells of it: when it has begun, kubectl does not say.
  k annotate configmap db "seen=$RANDOM" --overwrite > "$work/out"
done
kill "$watching"
is "a watch tells of a change" configmap/db "$(head -n 1 "$work/watched")"

k delete configmap db > "$work/out"
refused "what is deleted is gone" "(NotFound)" k get configmap db
