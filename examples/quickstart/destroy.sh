#!/bin/bash
# `make demo-destroy`: takes away what `make demo` made, in the order in which a person would.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

if [[ -e /run/sdn-lab/$lab_name/inventory.json ]] && pulumi --cwd "$here" stack select "$stack_name" >/dev/null 2>&1; then
  while read -r name host _; do
    on "$host" docker rm -f "$name" >/dev/null 2>&1 || true
  done < <(containers 2>/dev/null || true)
  show_stack destroy --yes --skip-preview
  echo "what is left of ours on the hosts:"
  for host in h1 h2 h3; do
    # shellcheck disable=SC2016 # the host expands it
    on "$host" sh -c 'echo "  $(uname -n): $(ip -o link | grep -c sdn-) interfaces, $(ip netns list | grep -c sdn-) routers"' || true
  done
fi
"$root/lab/lab" down --name "$lab_name"
rm -rf "$demo_state" "$here/Pulumi.$stack_name.yaml"
