#!/usr/bin/env bash
# Prints what the policies make of input.yaml: manifests on stdout, the diff and the account on stderr.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PATH=$PWD/../../out/bin:$PATH
cloudlab-postrender --config policies.yaml --environment production --namespace shop --diff - <input.yaml
