# Services: how packets to a virtual address get to a backend. Stands before program.sh, whose functions it uses.
# A client's packet is translated where it enters its bridge. Where to then, the host's routing decides (br_netfilter):
# rules and routing tables of each bridge's own say "on this bridge", to the backend itself or to the router.

# Of the mark of a connection whose packets go by the router in any case; compile/service/balancing.ts has it, too.
detour=0x1000000

# Whether a service of the network with a virtual address is on the host, besides the one that is being changed.
has_services() { # ROUTER-VNI
  services_there=1
  set +f
  for service in "$state/resources/service-$1-"*; do
    case $service in *'*' | "$state/resources/$fragment") continue ;; esac
    if grep -qs "^service_network $1 " "$service"; then services_there=0 && break; fi
  done
  set -f
  return $services_there
}

op_bridged_packets() { # KEY…: what is bridged passes the tables for packets
  [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || try modprobe br_netfilter || return 1
  bridged_words=
  for bridged_key in "$@"; do bridged_words="$bridged_words $bridged_key 1"; done
  # shellcheck disable=SC2086 # several words
  op_sysctl - $bridged_words
}

# ---- the way of one segment's packets ---------------------------------------------------------------------------

family_of() { case $1 in *:*) echo 6 ;; *) echo 4 ;; esac; }
path_rules_text() { # BRIDGE VNI: as `ip rule show` has them, without tabs
  printf '5301: from all fwmark %s/%s iif %s lookup %s\n' "$detour" "$detour" "$1" $(($2 + detour))
  printf '5302: from all iif %s lookup %s\n' "$1" "$2"
}
rules_of_bridge() { # 4|6 BRIDGE
  ip "-$1" rule show iif "$2" 2>/dev/null | tr '\t' ' ' | sed 's/ \[detached\]//; s/ *$//'
}
path_routes_text() { # BRIDGE CIDR GATEWAY
  printf 'default via %s dev %s onlink\n%s dev %s\n' "$3" "$1" "$2" "$1" | sort
}
routes_of_table() { # 4|6 TABLE
  ip "-$1" route show table "$2" 2>/dev/null |
    sed 's/ proto [a-z]*//; s/ scope link//; s/ metric [0-9]*//; s/ pref medium//; s/ linkdown//; s/ dead//; s/ *$//' | sort
}
path_chain() { # CIDR GATEWAY ROUTER of each family: sets path_chain_text, the router's chain as nft is told it
  path_chain_name=services-$path_own
  path_chain_text="add chain inet sdn $path_chain_name { type nat hook postrouting priority 98; };"
  path_chain_text="$path_chain_text flush chain inet sdn $path_chain_name;"
  while [ $# -gt 0 ]; do
    case $1 in *:*) path_ip=ip6 ;; *) path_ip=ip ;; esac
    path_chain_text="$path_chain_text add rule inet sdn $path_chain_name oifname \"$path_link\" $path_ip saddr $1 snat $path_ip to $3;"
    shift 3
  done
}
# path_lacks BRIDGE ROUTER-VNI WHERE MAC LINK, then CIDR GATEWAY ROUTER of each family: sets lacks, a word each.
path_lacks() {
  lacks='' path_bridge=$1 path_router=$2 path_where=$3 path_mac=$4 path_link=$5
  path_own=${1#sdn-b-}
  case $(nft get element inet sdn networks "{ $1 }" 2>/dev/null) in
    *" : $(printf '0x%08x' "$2") "*) ;;
    *) lacks="$lacks network" ;;
  esac
  [ -n "$(ip netns exec "$3" nft list chain inet sdn "services-$path_own" 2>/dev/null)" ] || lacks="$lacks chain"
  path_without6=1
  shift 5
  while [ $# -gt 0 ]; do
    path_family=$(family_of "$1")
    [ "$path_family" = 4 ] || path_without6=0
    [ "$(rules_of_bridge "$path_family" "$path_bridge")" = "$(path_rules_text "$path_bridge" "$path_own")" ] ||
      lacks="$lacks rules$path_family"
    if [ "$(routes_of_table "$path_family" "$path_own")" != "$(path_routes_text "$path_bridge" "$1" "$2")" ] ||
      [ "$(routes_of_table "$path_family" $((path_own + detour)))" != "default via $2 dev $path_bridge onlink" ]; then
      lacks="$lacks routes$path_family"
    fi
    [ "$(neighbour_of - "$path_bridge" "$2")" = "$path_mac" ] || lacks="$lacks gateway$path_family"
    shift 3
  done
  read_settings - "net/ipv4/conf/$path_bridge/forwarding" "net/ipv4/conf/$path_bridge/rp_filter" \
    "net/ipv6/conf/$path_bridge/disable_ipv6"
  case $setting_values in
    "1${newline}0$newline$path_without6$newline" | "1${newline}0$newline$newline") ;;
    *) lacks="$lacks settings" ;;
  esac
}
clear_rules() { # 4|6 BRIDGE
  while [ -n "$(rules_of_bridge "$1" "$2")" ]; do ip "-$1" rule del iif "$2" || return 1; done
}
lay_path() { # the words of path_lacks; what is there stays
  path_lacks "$@"
  [ -n "$lacks" ] || return 0
  case $lacks in *network*) undo path "$path_bridge" "$path_where" ;; esac
  try sysctl -qw "net.ipv4.conf.$path_bridge.forwarding=1" "net.ipv4.conf.$path_bridge.rp_filter=0" || return 1
  shift 5
  path_chain "$@"
  try ip netns exec "$path_where" nft "$path_chain_text" || return 1
  while [ $# -gt 0 ]; do
    lay_family "$1" "$2" || return 1
    shift 3
  done
  # Last: from now on its clients' packets are looked at.
  case $lacks in *network*) ;; *) return 0 ;; esac
  if nft get element inet sdn networks "{ $path_bridge }" >/dev/null 2>&1; then
    try nft delete element inet sdn networks "{ $path_bridge }" || return 1
  fi
  try nft add element inet sdn networks "{ $path_bridge : $path_router }"
}
lay_family() { # CIDR GATEWAY
  path_family=$(family_of "$1")
  if [ "$path_family" = 6 ]; then
    # No address comes of it.
    try sysctl -qw "net.ipv6.conf.$path_bridge.accept_ra=0" "net.ipv6.conf.$path_bridge.addr_gen_mode=1" \
      "net.ipv6.conf.$path_bridge.disable_ipv6=0" || return 1
  fi
  try_lines "neigh replace $2 lladdr $path_mac dev $path_bridge nud permanent
route replace $1 dev $path_bridge table $path_own
route replace default via $2 dev $path_bridge onlink table $path_own
route replace default via $2 dev $path_bridge onlink table $((path_own + detour))" ip "-$path_family" -batch - || return 1
  [ "$(rules_of_bridge "$path_family" "$path_bridge")" != "$(path_rules_text "$path_bridge" "$path_own")" ] || return 0
  try clear_rules "$path_family" "$path_bridge" || return 1
  try_lines "rule add pref 5301 iif $path_bridge fwmark $detour/$detour lookup $((path_own + detour))
rule add pref 5302 iif $path_bridge lookup $path_own" ip "-$path_family" -batch -
}
take_up_path() { # BRIDGE WHERE
  networks_laid=
  nft delete element inet sdn networks "{ $1 }" 2>/dev/null
  for path_family in 4 6; do
    clear_rules "$path_family" "$1"
    ip "-$path_family" route flush table "${1#sdn-b-}" 2>/dev/null
    ip "-$path_family" route flush table $((${1#sdn-b-} + detour)) 2>/dev/null
    ip "-$path_family" neigh flush dev "$1" nud permanent 2>/dev/null
  done
  [ ! -e "/proc/sys/net/ipv6/conf/$1" ] || sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1"
  ip netns exec "$2" nft delete chain inet sdn "services-${1#sdn-b-}" 2>/dev/null
  return 0
}

op_service_path() { # the words of path_lacks; of a segment
  if has_services "$2"; then lay_path "$@"; fi
}
op_remove_service_path() { # BRIDGE: what the bridge does not take along with it
  nft get element inet sdn networks "{ $1 }" >/dev/null 2>&1 || return 0
  networks_laid=
  for path_family in 4 6; do clear_rules "$path_family" "$1"; done
  nft delete element inet sdn networks "{ $1 }" 2>/dev/null
  return 0
}

# ---- a network's ways -------------------------------------------------------------------------------------------

paths_of_network() { # ROUTER-VNI: lines with the words of path_lacks, out of the records of its segments
  set +f
  cat "$state"/resources/segment-* 2>/dev/null | sed -n "s/^service_path \(sdn-b-[0-9]* $1 .*\)/\1/p" | sort -u
  set -f
}
pools_lack() { # WHERE POOL…
  pools_where=$1
  shift
  for pool in "$@"; do
    [ -n "$(ip -n "$pools_where" "-$(family_of "$pool")" route show type unreachable "$pool" 2>/dev/null)" ] || return 0
  done
  return 1
}
op_service_network() { # ROUTER-VNI WHERE POOL…
  # Every service asks for it: once a run is enough, as long as nothing of it is taken away.
  network_words="$*"
  case $networks_laid in *" $network_words$newline"*) return 0 ;; esac
  network_vni=$1 network_where=$2
  shift 2
  if pools_lack "$network_where" "$@"; then
    has_services "$network_vni" || undo pools "$network_where" "$*"
    for pool in "$@"; do
      try ip -n "$network_where" "-$(family_of "$pool")" route replace unreachable "$pool" || return 1
    done
  fi
  network_paths=$(paths_of_network "$network_vni")
  while read -r one_path; do
    # shellcheck disable=SC2086 # its words
    [ -z "$one_path" ] || lay_path $one_path || return 1
  done <<PATHS
$network_paths
PATHS
  networks_laid="$networks_laid $network_words$newline"
}
drop_pools() { # WHERE POOL…
  networks_laid=
  pools_where=$1
  shift
  for pool in "$@"; do ip -n "$pools_where" "-$(family_of "$pool")" route del unreachable "$pool" 2>/dev/null; done
  return 0
}
op_remove_service_network() { # ROUTER-VNI WHERE POOL…: with the last service of the network
  ! has_services "$1" || return 0
  networks_laid=
  network_vni=$1
  shift
  undo service-network "$network_vni" "$*"
  drop_pools "$@"
  paths_of_network "$network_vni" | while read -r bridge _ path_at _; do take_up_path "$bridge" "$path_at"; done
}
op_query_service_network() { # ROUTER-VNI WHERE POOL…
  network_vni=$1 network_where=$2
  shift 2
  if pools_lack "$network_where" "$@"; then say "service-path $network_vni $network_where pools"; fi
  paths_of_network "$network_vni" | while read -r one_path; do
    # shellcheck disable=SC2086 # its words
    path_lacks $one_path
    # shellcheck disable=SC2086 # several words
    [ -z "$lacks" ] || say "service-path $network_vni ${one_path%% *} $(set -- $lacks; IFS=,; echo "$*")"
  done
}
op_query_neighbours() { json neighbours - ip -j neigh show nud permanent; }

# ---- one service's chains ---------------------------------------------------------------------------------------

# What the record says of the service's rules: sets rules_chains, rules_elements and rules_json, "-" where there are none.
recorded_rules() { # KEY
  rules_chains=- rules_elements=- rules_json=-
  [ -e "$state/resources/$fragment" ] || return 0
  recorded=$(sed -n "s/^service_rules $1 //p" "$state/resources/$fragment")
  [ -n "$recorded" ] || return 0
  read -r rules_chains rules_elements rules_json <<RULES
$recorded
RULES
}
# drop_rules CHAINS ELEMENTS KEPT-CHAINS KEPT-ELEMENTS, lists with commas: in one transaction what only the first have.
drop_rules() {
  drop_text='' drop_chains='' drop_flush=''
  for one in $(commas_apart "$2"); do
    case ,$4, in *",$one,"*) continue ;; esac
    case $one in -) continue ;; esac
    nft get element inet sdn "${one%%=*}" "$(element "${one#*=}")" >/dev/null 2>&1 || continue
    drop_text="$drop_text delete element inet sdn ${one%%=*} $(element "${one#*=}");"
  done
  # A chain that leads to others goes after it leads nowhere.
  for one in $(commas_apart "$1"); do
    case ,$3, in *",$one,"*) continue ;; esac
    case $one in -) continue ;; esac
    nft list chain inet sdn "$one" >/dev/null 2>&1 || continue
    drop_flush="$drop_flush flush chain inet sdn $one;"
    drop_chains="$drop_chains delete chain inet sdn $one;"
  done
  [ -z "$drop_text$drop_chains" ] || nft "$drop_text$drop_flush$drop_chains" 2>&1
}
op_service_rules() { # KEY CHAIN,…|- MAP=ELEMENT,…|- JSON(base64)|-
  recorded_rules "$1"
  # All or nothing, so what it refuses is not to be undone: an element that it names may be another service's.
  [ "$4" = - ] || run_nft - "$4" -j || return 1
  undo service-rules "$2" "$3" "$rules_chains" "$rules_elements $rules_json"
  try drop_rules "$rules_chains" "$rules_elements" "$2" "$3"
}
op_remove_service_rules() { # KEY CHAIN,…|- MAP=ELEMENT,…|-
  recorded_rules "$1"
  undo service-rules - - "$rules_chains" "$rules_elements $rules_json"
  try drop_rules "$2" "$3" - -
}
undo_rules() { # CHAINS ELEMENTS, and those before with their JSON
  [ "$5" = - ] || printf '%s' "$5" | base64 -d | nft -j -f /proc/self/fd/0
  drop_rules "$1" "$2" "$3" "$4"
}
