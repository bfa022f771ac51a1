#!/bin/bash
# Draws what the hosts have, from what they say themselves: their interfaces and Docker networks.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

subnets=$(stack stack output subnets --json)
readonly width=76
# repeat CHARACTER COUNT
repeat() { printf "%.0s$1" $(seq 1 "$2"); }
line() { printf '  │ %s%*s│\n' "$1" $((width - 1 - ${#1})) ''; }
top() { printf '  ┌─ %s %s┐\n' "$1" "$(repeat ─ $((width - 3 - ${#1})))"; }
bottom() { printf '  └%s┘\n' "$(repeat ─ "$width")"; }

for host in $(jq -r '.hosts[].name' "/run/sdn-lab/$lab_name/inventory.json"); do
  links=$(on "$host" ip -j -d addr show)
  router=$(on "$host" sh -c "ip netns list | sed -n 's/^\(sdn-r-[0-9]*\).*/\1/p'")
  underlay=$(jq -r '.[] | select(.ifname == "eth0") | .addr_info[] | select(.family == "inet") | .local' <<<"$links")
  top "$host · $underlay"
  while read -r name vni cidr gateway; do
    jq -e --arg bridge "sdn-b-$vni" '.[] | select(.ifname == $bridge)' <<<"$links" >/dev/null || continue
    vxlan=$(jq -r --arg name "sdn-v-$vni" '.[] | select(.ifname == $name) | "VXLAN \(.linkinfo.info_data.id)"' <<<"$links")
    peers=$(on "$host" bridge fdb show dev "sdn-v-$vni" | sed -n 's/^00:00:00:00:00:00 .*dst \([^ ]*\).*/\1/p' | sort | tr '\n' ' ')
    line "subnet $name  $cidr  gateway $gateway ($router)"
    line "  sdn-b-$vni ── $vxlan → $peers"
    network=$(on "$host" sh -c "docker network ls --format '{{.Name}}' | grep -e '-$name\$' || true")
    [[ -n $network ]] || continue
    on "$host" docker network inspect --format '{{range .Containers}}{{.Name}} {{.IPv4Address}} {{.IPv6Address}}{{println}}{{end}}' "$network" |
      while read -r container ipv4 ipv6; do
        [[ -n $container ]] && line "    └─ [$container] ${ipv4%/*}  ${ipv6%/*}"
      done || true
  done < <(jq -r '.[] | "\(.name) \(.vni) \(.cidr) \(.gateway)"' <<<"$subnets")
  bottom
done
