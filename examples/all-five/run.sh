#!/usr/bin/env bash
# Renders podinfo's chart with Helm 3 and the values of this folder, and prints what the policies make of it: manifests on stdout, the
# diff and the account on stderr. Exceptions end one day, so the day is given: this script is to run after that, too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PATH=$PWD/../../out/bin:$PATH
../../tools/get helm3 podinfo-chart
"${CLOUDLAB_TOOLS:-$HOME/.cache/cloudlab/tools}/bin/helm3" template podinfo "$(../../tools/podinfo-chart)" --namespace shop --skip-tests -f values.yaml |
    cloudlab-postrender --config policies.yaml --namespace shop --today 2026-11-21 --diff -
