#!/bin/bash
# Draws what the hosts have, from what they say themselves.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

inventory=/run/sdn-lab/$lab_name/inventory.json
keys=$(mktemp)
trap 'rm -f "$keys"' EXIT
jq -r '.hosts[] | "\(.address) \(.hostKey)"' "$inventory" >"$keys"
mapfile -t hosts < <(jq -r '.hosts[] | "--host=\(.name)=ssh://\(.user)@\(.address):\(.port)"' "$inventory")
"$root/bin/pulumi-sdn" topology "${hosts[@]}" --known-hosts "$keys" \
  --private-key "$(jq -r '.hosts[0].privateKeyPath' "$inventory")"
