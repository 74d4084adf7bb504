# What the scripts beside it begin with: a namespace of their own, and how they check.

work=$(mktemp -d)
namespace=test-$$
finish() {
  kubectl delete namespace "$namespace" --wait=false > "$work/finish" 2>&1 || cat "$work/finish"
  rm -rf "$work"
}
trap finish EXIT

k() { kubectl --namespace "$namespace" "$@"; }

# is WHAT EXPECTED ACTUAL
is() {
  if [ "$2" != "$3" ]; then
    printf 'not ok: %s\n  expected: %s\n  was:      %s\n' "$1" "$2" "$3" >&2
    exit 1
  fi
  echo "ok: $1"
}

# refused WHAT TEXT COMMAND...
refused() {
  local what=$1 text=$2
  shift 2
  if "$@" > "$work/out" 2>&1 || ! grep -q "$text" "$work/out"; then
    echo "not ok: $what" >&2
    cat "$work/out" >&2
    exit 1
  fi
  echo "ok: $what"
}

kubectl create namespace "$namespace" > "$work/out"
is "a namespace is created" "namespace/$namespace created" "$(cat "$work/out")"
