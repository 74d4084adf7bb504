#!/bin/sh
# Makes a job's settings, and tries until that works.
#
# The bug: the server makes the name up. Where a create was applied and its answer was lost, the next attempt makes a
# second one. create_mended.sh names it, and applies it.
until kubectl create -f - <<MANIFEST
apiVersion: v1
kind: ConfigMap
metadata:
  generateName: job-
  namespace: default
data: {colour: blue}
MANIFEST
do sleep 0.2; done
