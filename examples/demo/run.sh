#!/usr/bin/env bash
# Renders podinfo's chart with Helm 3, with and without the post-renderer, and shows the difference (`make demo`).
exec "$(dirname "${BASH_SOURCE[0]}")/../../tools/demo"
