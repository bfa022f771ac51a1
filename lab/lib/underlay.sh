# shellcheck shell=bash
# The underlay: a network namespace (the "lab root") with a bridge to which every host and the machine itself are
# connected. The lab root is also the hosts' router and, on its loopback, the world outside.
#
# A lab takes one slot, a /26, of the documentation ranges. Such a range can be in use all the same: the machine's own
# network may be one, and its package mirrors may lie in one behind the default route. So a slot is never taken that
# overlaps a route of the machine or holds an address that the machine talks to, and the machine gets a route to each
# host's address alone, never to the range.

readonly UNDERLAY_PREFIXES4=(
  203.0.113.128 203.0.113.192 198.51.100.64 198.51.100.128 198.51.100.192 192.0.2.64 192.0.2.128 192.0.2.192
)
readonly OUTSIDE4=198.51.100.1 OUTSIDE6=2001:db8:ffff::1
readonly LINK_MTU=1500

# underlay4 SLOT NUMBER: the address at that distance from the start of the slot's /26.
underlay4() {
  local prefix=${UNDERLAY_PREFIXES4[$1]}
  printf '%s.%d' "${prefix%.*}" $((${prefix##*.} + $2))
}
# underlay6 SLOT NUMBER: the address in the slot's /64 with that number, in decimal digits.
underlay6() { printf '2001:db8:0:%d::%d' $(($1 + 2)) "$2"; }

# Distances: the router, hosts from 11 on, the machine.
readonly ROUTER=1 FIRST_HOST=10 MACHINE=62
export MAX_HOSTS=50
host_address4() { underlay4 "$1" $((FIRST_HOST + $(host_number "$2"))); }
host_address6() { underlay6 "$1" $((FIRST_HOST + $(host_number "$2"))); }

# host_mac HOST: the same after every reboot, as on a real machine, since others remember it. From the range for
# documentation (RFC 7042), with the bit for locally administered addresses.
host_mac() { printf '02:00:5e:00:53:%02x' "$(host_number "$1")"; }

machine_link() { printf 'sdnlab%s' "$1"; }

# routes_overlap SLOT: whether the machine has a route, other than a default one, into or around the slot's ranges.
routes_overlap() {
  local net4=${UNDERLAY_PREFIXES4[$1]}/26 net6
  net6=$(underlay6 "$1" 0)/64
  {
    ip -4 route show table all root "$net4"
    ip -4 route show table all match "$net4"
    ip -6 route show table all root "$net6"
    ip -6 route show table all match "$net6"
  } | grep -Evq '^(default|unreachable default|none default|multicast ff00::/8|ff00::/8)( |$)'
}

# addresses_in_use: what the machine talks to, or will when it installs packages: peers of open connections, name
# servers, package mirrors. Their routes say nothing, since they are reached by the default one.
addresses_in_use() {
  established_peers
  grep -oE '^nameserver +[0-9.]+' /etc/resolv.conf | grep -oE '[0-9.]+$' || true
  {
    printf '%s\n' deb.debian.org security.debian.org registry.npmjs.org proxy.golang.org pypi.org
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed -nE 's#.*https?://([A-Za-z0-9.-]+).*#\1#p'
  } | sort -u | timeout 10 xargs -r -P 8 -n 1 getent ahostsv4 2>/dev/null | awk '{ print $1 }' || true
}

# established_peers: without those of labs; a connection can be remembered for longer than the lab it led to.
established_peers() {
  local slot own=()
  for slot in "${!UNDERLAY_PREFIXES4[@]}"; do own+=("$(underlay4 "$slot" "$MACHINE")"); done
  ss -4 -Htun state established |
    awk -v own="${own[*]}" 'BEGIN { split(own, list, " "); for (i in list) lab[list[i]] }
      { local = $(NF - 1); peer = $NF; sub(/:[^:]*$/, "", local); sub(/:[^:]*$/, "", peer); sub(/%.*/, "", local)
        if (!(local in lab)) print peer }'
}

# holds_address SLOT: whether an address on standard input lies in the slot's /26.
holds_address() {
  local prefix=${UNDERLAY_PREFIXES4[$1]} address
  while IFS= read -r address; do
    [[ ${address%.*} == "${prefix%.*}" ]] && ((${address##*.} / 64 == ${prefix##*.} / 64)) && return
  done
  return 1
}

free_slot() {
  local slot used
  used=$(addresses_in_use | sort -u)
  for slot in "${!UNDERLAY_PREFIXES4[@]}"; do
    [[ -e /sys/class/net/$(machine_link "$slot") ]] || routes_overlap "$slot" || holds_address "$slot" <<<"$used" || {
      printf '%s' "$slot"
      return
    }
  done
  die "no underlay range is free: each of ${UNDERLAY_PREFIXES4[*]} (/26) is another lab's or used by this machine;" \
    "see 'lab status' and 'ip route'"
}

# underlay_up NAME: makes the lab root and connects the machine. The machine gets one interface, without any
# route yet; its end disappears with the namespace that holds the other one.
underlay_up() {
  local name=$1 ns slot link
  ns=$(root_netns "$name")
  lock "$LAB_RUN/slots.lock"
  slot=$(free_slot)
  printf '%s\n' "$slot" >"$(lab_dir "$name")/settings/slot"
  ip netns add "$ns"
  link=$(machine_link "$slot")
  ip link add "$link" mtu "$LINK_MTU" alias "sdn-lab $name" type veth peer name machine mtu "$LINK_MTU" netns "$ns"
  unlock
  quiet_namespace "$ns"
  ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  ip -n "$ns" -batch - <<-END
	link set lo up
	link add underlay mtu $LINK_MTU type bridge
	address add $(underlay4 "$slot" $ROUTER)/26 dev underlay
	address add $(underlay6 "$slot" $ROUTER)/64 dev underlay nodad
	address add $OUTSIDE4/32 dev lo
	address add $OUTSIDE6/128 dev lo nodad
	link set machine master underlay
	link set machine up
	link set underlay up
	END
  ip -batch - <<-END
	address add $(underlay4 "$slot" $MACHINE)/32 dev $link
	address add $(underlay6 "$slot" $MACHINE)/128 dev $link nodad
	link set $link up
	END
}

# route_to_host NAME HOST: lets the machine reach that one address. The route goes with the lab's interface.
route_to_host() {
  local slot link
  slot=$(setting "$1" slot) link=$(machine_link "$slot")
  ip route add "$(host_address4 "$slot" "$2")/32" dev "$link" src "$(underlay4 "$slot" "$MACHINE")"
  ip route add "$(host_address6 "$slot" "$2")/128" dev "$link" src "$(underlay6 "$slot" "$MACHINE")"
}

# quiet_namespace NETNS: addresses are usable at once. Only sysctls of that namespace.
quiet_namespace() {
  ip netns exec "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
    net.ipv6.conf.default.accept_ra=0
}

# host_link_up NAME HOST: a new network namespace for the host, connected to the underlay.
host_link_up() {
  local name=$1 host=$2 ns root slot
  ns=$(host_netns "$name" "$host") root=$(root_netns "$name") slot=$(setting "$name" slot)
  host_link_down "$name" "$host"
  ip netns add "$ns"
  quiet_namespace "$ns"
  ip -n "$root" link add "$host" mtu "$LINK_MTU" type veth peer name eth0 mtu "$LINK_MTU" \
    address "$(host_mac "$host")" netns "$ns"
  ip -n "$root" link set "$host" master underlay up
  ip -n "$ns" -batch - <<-END
	link set lo up
	link set eth0 up
	address add $(host_address4 "$slot" "$host")/26 dev eth0
	address add $(host_address6 "$slot" "$host")/64 dev eth0 nodad
	route add default via $(underlay4 "$slot" $ROUTER)
	route add default via $(underlay6 "$slot" $ROUTER)
	END
}

# host_link_down NAME HOST: takes the link away first, since a namespace disappears only some time after its deletion.
host_link_down() {
  local ns
  ns=$(host_netns "$1" "$2")
  ip -n "$(root_netns "$1")" link delete "$2" 2>/dev/null || true
  [[ ! -e /run/netns/$ns ]] || ip netns delete "$ns"
}
