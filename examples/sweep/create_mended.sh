#!/bin/sh
# The same with a name of its own: whatever became of the first attempt, the second ends where it should.
until kubectl apply -f - <<MANIFEST
apiVersion: v1
kind: ConfigMap
metadata:
  name: job
  namespace: default
data: {colour: blue}
MANIFEST
do sleep 0.2; done
