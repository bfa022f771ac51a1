# The one program that sdn runs on a host (POSIX sh, as root). It is constant: everything that varies comes on
# standard input, one operation a line, words separated by single blanks, each word from the allow-list grammar
# of render/words.ts. Fragments stand between `begin` and `end`; each is applied wholly or undone wholly.
# Exits 0 whenever the report on standard output is complete; failures of fragments are part of the report.
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

state=/var/lib/sdn
scope=-
fragment=
failed=0
undo_list=
last_links=
last_elements=
last_chains=
last_foreign=
locked=
paths=
lock_wait=60
table_made=
zones_known=
chains_made=' '
networks_laid=
acted=
words=
seen=/run/sdn.seen
generation=0
written=
newline='
'
blanks=' 	
'

# ---- reporting ------------------------------------------------------------------------------------------------

encode() { [ -z "$1" ] || printf '%s' "$1" | base64 -w 0; }
say() { printf '%s\n' "$*"; }
warn() { if [ -n "$mode" ]; then echo "${fragment:--}: $1" >&2; else say "warning ${fragment:--} $(encode "$1")"; fi; }

fail() {
  [ "$failed" = 1 ] || [ -z "$fragment" ] && return 1
  failed=1
  if [ -n "$mode" ]; then failure=$2; else say "result $fragment $1 $(encode "$2")"; fi
  undo_all
  return 1
}

# Runs a command; its failure fails the fragment with the command's own words.
try() {
  acted=yes
  if ! try_output=$("$@" 2>&1); then
    fail remote-failure "\`$*\` failed: $try_output"
    return 1
  fi
}

# try_lines LINES COMMAND…: a command that reads what it is to do. What stands before a line that fails is done, so how
# to undo all of it is remembered before, in words that do no harm where there is nothing to undo.
try_lines() {
  tried_lines=$1 acted=yes
  shift
  try_output=$("$@" 2>&1 <<LINES
$tried_lines
LINES
  ) && return 0
  tried=${try_output##*Command failed -:}
  case $tried in '' | *[!0-9]*) tried="$*" ;; *) tried=$(printf '%s' "$tried_lines" | sed -n "${tried}p") ;; esac
  fail remote-failure "\`$tried\` failed: ${try_output%"$newline"Command failed*}"
  return 1
}

undo() { undo_list="$*$newline$undo_list"; }

undo_all() {
  table_made='' chains_made=' ' networks_laid=
  printf '%s' "$undo_list" | while read -r what a b c d; do
    # shellcheck disable=SC2086 # the rest of a line is several words
    case $what in
      link) ip_in "$a" link del dev "$b" ;;
      link-down) ip_in "$a" link set dev "$b" down ;;
      netns) ip netns del "$a" ;;
      set) ip_in "$a" link set dev "$b" "$c" "$d" ;;
      nomaster) ip_in "$a" link set dev "$b" nomaster ;;
      vxlan) remake_vxlan "$a" "$b" "$c" $d ;;
      addr-del) ip_in "$a" addr del "$b" dev "$c" ;;
      addr-add) add_address "$a" "$b" "$c" ;;
      addr-swap) swap_address "$a" "$b" "$c" "$d" -force ;;
      route-del) ip_in "$a" "$b" route del $c $d ;;
      route-add) ip_in "$a" "$b" route replace $c $d ;;
      route-first) ip_in "$a" "$b" route prepend $c $d ;;
      neigh-del) ip_in "$a" neigh del "$b" dev "$c" ;;
      neigh-add) ip_in "$a" neigh replace "$b" lladdr "$d" dev "$c" nud permanent ;;
      flood) (flood_changes "$a" ",$(flood_peers "$a")" "$b") | bridge -batch - ;;
      gateway-fdb) bridge fdb del "$b" dev "$a" master ;;
      sysctl) sysctl_in "$a" -qw "$b=$c" ;;
      saved-sysctl) rm -f "$state/sysctl/$a" ;;
      docker-network) docker network rm "$a" ;;
      docker-disconnect) docker network disconnect "$a" "$b" ;;
      docker-connect) connect_container "$a" "$b" "$c" "$d" ;;
      nft-table) nft_in "$a" delete table "$b" sdn ;;
      nft-element) nft delete element "$a" sdn "$b" "$(element "$c")" ;;
      rule-del) delete_rules "$a" "$b" "$c" ;;
      rule-add) ip_in "$a" "$b" rule add pref "$c" $d ;;
      nft-chain-del) nft_in "$a" "flush chain inet sdn $b; delete chain inet sdn $b" ;;
      nft-chain) refill_chain "$a" "$b" "$c" ;;
      nft-map-del) nft delete element inet sdn "$a" "$(element "$b")" ;;
      nft-map-add) nft add element inet sdn "$a" "{ $(parts "$b") $(printf '%s' "$c" | base64 -d) }" ;;
      zone) zones_known='' && set_zone "$a" "$b" ;;
      nft-add) nft add element "$a" sdn "$b" "$(element "$c")" ;;
      iptables) docker_user "$a" -D "$b" "$c" "$d" ;;
      iptables-add) docker_user "$a" -I "$b" "$c" "$d" ;;
      path) take_up_path "$a" "$b" ;;
      pools) drop_pools "$a" $b $c $d ;;
      service-network) op_service_network "$a" $b $c $d ;;
      service-rules) undo_rules "$a" "$b" "$c" $d ;;
      dns) undo_dns "$a" "$b" "$c" ;;
      firewall-settings) failed=0 && op_firewall_settings ;;
      firewall-table) reload_table "$state/resources/firewall" ;;
      firewall-next) nft delete table inet sdn_fw_next ;;
      firewall-held) hold_again "$a" ;;
      firewall-disarm) disarm ;;
    esac >/dev/null 2>&1
  done
  undo_list=
  table_text=
  zones_known=
  last_links=
  last_elements=
  last_chains=
  last_foreign=
  forget_links
}

# ---- where: "-" is the host itself, "pid:N" a process's namespace, anything else a named namespace -------------

ip_in() {
  where=$1
  shift
  case $where in
    -) ip "$@" ;;
    pid:*) nsenter -t "${where#pid:}" -n ip "$@" ;;
    *) ip -n "$where" "$@" ;;
  esac
}
run_in() {
  where=$1
  shift
  case $where in
    -) "$@" ;;
    pid:*) nsenter -t "${where#pid:}" -n "$@" ;;
    *) ip netns exec "$where" "$@" ;;
  esac
}
sysctl_in() { sysctl_where=$1; shift; run_in "$sysctl_where" sysctl "$@"; }
nft_in() { nft_where=$1; shift; run_in "$nft_where" nft "$@"; }

# read_settings WHERE KEY…: sets setting_values, a line a key, empty where there is none. The shell reads the host's own
# by itself; those of a namespace take one process, however many they are.
read_settings() {
  settings_where=$1 setting_values='' setting_paths=''
  shift
  for setting in "$@"; do
    # shellcheck disable=SC2086 # its parts
    case $setting in
      */*) ;;
      *) IFS=. && set -- $setting && IFS=/ && setting=$* && IFS=$blanks ;;
    esac
    setting_paths="$setting_paths $setting"
  done
  if [ "$settings_where" != - ]; then
    # shellcheck disable=SC2016,SC2086 # the inner shell expands it; paths are words
    setting_values=$(run_in "$settings_where" sh -c 'for path; do
      value=
      if [ -e "/proc/sys/$path" ]; then read -r value <"/proc/sys/$path"; fi
      echo "$value"
    done' sh $setting_paths 2>/dev/null)$newline
    return
  fi
  for setting in $setting_paths; do
    value=
    if [ -e "/proc/sys/$setting" ]; then { read -r value <"/proc/sys/$setting" || :; } 2>/dev/null; fi
    setting_values=$setting_values$value$newline
  done
}

# ---- what links there are: read once a namespace, and again only what was changed since -------------------------

# A line a link: where, name, MTU, MAC address, bridge, up or down, VNI/local/port of a VXLAN and the first word of its
# alias, "-" for what it has not.
list_links() { # WHERE [dev NAME]
  list_where=$1
  shift
  ip_in "$list_where" -d -o link show "$@" 2>/dev/null | awk -v where="$list_where" '
    /^[0-9]+: / {
      name = $2; sub(/:$/, "", name)
      sub(/@.*/, "", name)
      mtu = mac = master = vni = local = port = alias = "-"
      for (i = 4; i < NF && alias == "-"; i++) {
        word = $(i + 1); sub(/\\$/, "", word)
        if ($i == "mtu" && mtu == "-") mtu = word
        else if ($i == "master" && master == "-") master = word
        else if ($i == "link/ether" && mac == "-") mac = word
        else if ($i == "vxlan" && word == "id") vni = $(i + 2)
        else if ($i == "local" && vni != "-") local = word
        else if ($i == "dstport" && vni != "-") port = word
        else if ($i == "alias") alias = word
      }
      print where, name, mtu, mac, master, ($3 ~ /[<,]UP[,>]/ ? "up" : "down"), vni "/" local "/" port, alias
    }'
}
forget_links() { known_links=$newline listed=' ' touched=' ' new_links=' ' asked_links=' '; }
forget_links
touch_link() { touched="$touched$1/$2 "; } # WHERE NAME
# A link that this fragment made has nothing yet: no addresses, no entries. Asked once: then it may have.
is_new() { # WHERE NAME
  case $new_links in *" $1/$2 "*) ;; *) return 1 ;; esac
  case $asked_links in *" $1/$2 "*) return 1 ;; esac
  asked_links="$asked_links$1/$2 "
}
know_links() { # WHERE
  case $listed in *" $1 "*) return 0 ;; esac
  known_links=$known_links$(list_links "$1")$newline
  listed="$listed$1 "
}
# find_link WHERE NAME: sets link_mtu, link_mac, link_master, link_state, link_vxlan and link_alias.
find_link() {
  case $1$touched in
    # A container's own doings are not known here.
    pid:* | *" $1/$2 "*)
      found_link=$(list_links "$1" dev "$2")
      found_link=${found_link#"$1 $2 "} ;;
    *)
      know_links "$1"
      # To cut a line out of a long text by a pattern takes a shell the square of its length.
      case $known_links in *"$newline$1 $2 "*) ;; *) return 1 ;; esac
      IFS=$newline
      for found_link in $known_links; do
        case $found_link in "$1 $2 "*) break ;; esac
      done
      IFS=$blanks
      found_link=${found_link#"$1 $2 "} ;;
  esac
  [ -n "$found_link" ] || return 1
  read -r link_mtu link_mac link_master link_state link_vxlan link_alias <<LINK
$found_link
LINK
  [ "$link_master" != - ] || link_master=
  [ "$link_alias" != - ] || link_alias=
}
link_exists() { find_link "$1" "$2"; }

# owned WHERE LINK MARK: 0 ours, 1 absent, 2 somebody else's (the fragment has failed then).
owned() {
  find_link "$1" "$2" || return 1
  owned_by=$link_alias
  [ "$owned_by" = "$3" ] && return 0
  fail conflict "interface $2 exists and is not ours: it ${owned_by:+carries the mark $owned_by}${owned_by:-carries no mark}"
  return 2
}

# ---- links ------------------------------------------------------------------------------------------------------

# set_link WHERE NAME KEY VALUE CURRENT: changes one attribute where it differs, and remembers the old value.
set_link() {
  [ "$4" = "$5" ] && return 0
  touch_link "$1" "$2"
  try ip_in "$1" link set dev "$2" "$3" "$4" || return 1
  [ -n "$5" ] && undo set "$1" "$2" "$3" "$5"
  return 0
}
set_master() {
  find_link "$1" "$2"
  current_master=$link_master
  [ "$current_master" = "$3" ] && return 0
  touch_link "$1" "$2"
  try ip_in "$1" link set dev "$2" master "$3" || return 1
  if [ -n "$current_master" ]; then undo set "$1" "$2" master "$current_master"; else undo nomaster "$1" "$2"; fi
}
set_mac() {
  find_link "$1" "$2"
  set_link "$1" "$2" address "$3" "$link_mac"
}
# set_mtu WHERE NAME MTU: what stands on the link (a macvlan) is cut down with it, which the kernel does not undo.
set_mtu() {
  find_link "$1" "$2"
  current_mtu=$link_mtu
  [ "$current_mtu" = "$3" ] && return 0
  for upper in $(ip_in "$1" -o link show | sed -n "s/^[0-9]*: \([^@]*\)@$2: .*/\1/p"); do
    find_link "$1" "$upper" && undo set "$1" "$upper" mtu "$link_mtu"
    touch_link "$1" "$upper"
  done
  set_link "$1" "$2" mtu "$3" "$current_mtu"
}
set_up() {
  find_link "$1" "$2"
  [ "$link_state" = up ] && return 0
  touch_link "$1" "$2"
  try ip_in "$1" link set dev "$2" up || return 1
  undo link-down "$1" "$2"
}

# make_link WHERE NAME MARK MORE WORD…: until it carries our mark a link has a temporary name, so that what an interrupted
# run leaves is known as ours and goes when the next link is made. MORE is what it gets besides, in words of `ip link
# set`, or nothing.
make_link() {
  make_where=$1 make_name=$2 make_mark=$3 make_more=$4
  shift 4
  make_lines="link add name sdn-t-a $*$newline$make_peer"
  make_lines="${make_lines}link set dev sdn-t-a alias $make_mark${newline}link set dev sdn-t-a name $make_name"
  [ -z "$make_more" ] || make_lines="$make_lines${newline}link set dev $make_name $make_more"
  make_peer=
  if find_link "$make_where" sdn-t-a; then
    make_lines="link del dev sdn-t-a$newline$make_lines"
    forget_links
  fi
  touch_link "$make_where" "$make_name"
  undo link "$make_where" sdn-t-a
  undo link "$make_where" "$make_name"
  try_lines "$make_lines" ip_in "$make_where" -batch - || return 1
  new_links="$new_links$make_where/$make_name "
}
make_peer=

# After a start of the host Docker makes the bridges of its networks itself, without our mark. One that belongs to
# a network with our mark is ours.
adopt_bridge() { # BRIDGE MARK
  [ -z "$without_docker" ] && command -v docker >/dev/null 2>&1 || return 0
  find_link - "$1" && [ -z "$link_alias" ] || return 0
  for network in $(docker network ls -q --filter "label=sdn.mark=$2" 2>/dev/null); do
    [ "$(docker network inspect --format '{{index .Options "com.docker.network.bridge.name"}}' "$network")" = "$1" ] || continue
    ip link set dev "$1" alias "$2"
    touch_link - "$1"
  done
}

op_bridge() { # NAME MTU MAC MARK
  adopt_bridge "$1" "$4"
  owned - "$1" "$4"
  case $? in
    0) set_mac - "$1" "$3" && set_mtu - "$1" "$2" && silence_bridge "$1" && set_up - "$1" ;;
    1) make_link - "$1" "$4" '' address "$3" mtu "$2" type bridge mcast_snooping 0 && silence_bridge "$1" &&
      try ip link set dev "$1" up ;;
    2) return 1 ;;
  esac
}
silence_bridge() { # NAME: no address of the host may ever answer on a tenant's segment
  read_settings - "net/ipv6/conf/$1/disable_ipv6" "net/ipv4/conf/$1/arp_ignore"
  case $setting_values in
    "1${newline}8$newline") return 0 ;;
    # Services over IPv6 need it: services.sh sees to it that there is no address.
    "0${newline}8$newline") ! nft get element inet sdn networks "{ $1 }" >/dev/null 2>&1 || return 0 ;;
  esac
  try sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1" "net.ipv4.conf.$1.arp_ignore=8"
}

op_vxlan() { # NAME VNI LOCAL PORT MTU BRIDGE MARK
  owned - "$1" "$7"
  case $? in
    0)
      # VNI, port and local address of an existing device cannot all be changed: it is made anew.
      if [ "$link_vxlan" != "$2/$3/$4" ]; then
        # shellcheck disable=SC2086 # three words
        known=$(IFS=/ && printf '%s ' $link_vxlan)
        vxlan_before="$link_mac $link_mtu $known${link_master:--} $7 $(flood_peers "$1")"
        try ip link del dev "$1" || return 1
        forget_links
        undo vxlan "$1" "$vxlan_before"
      fi ;;
    2) return 1 ;;
  esac
  if ! find_link - "$1"; then
    make_link - "$1" "$7" "master $6 up" mtu "$5" type vxlan id "$2" local "$3" dstport "$4"
    return
  fi
  set_mtu - "$1" "$5" && set_master - "$1" "$6" && set_up - "$1"
}
remake_vxlan() { # NAME MAC MTU VNI LOCAL PORT BRIDGE|- MARK [PEER,PEER,…]
  ip link add name "$1" address "$2" mtu "$3" type vxlan id "$4" local "$5" dstport "$6"
  ip link set dev "$1" alias "$8"
  [ "$7" = - ] || ip link set dev "$1" master "$7"
  ip link set dev "$1" up
  for peer in $(printf '%s' "${9:-}" | tr ',' ' '); do
    bridge fdb append 00:00:00:00:00:00 dev "$1" dst "$peer" self
  done
}

flood_peers() { # DEVICE: each with a comma behind it
  bridge fdb show dev "$1" 2>/dev/null |
    awk '$1 == "00:00:00:00:00:00" { for (i = 2; i < NF; i++) if ($i == "dst") printf "%s,", $(i + 1) }'
}
op_flood() { # DEVICE PEER,PEER,…|-: exactly these remote VTEPs get broadcast, unknown and multicast frames
  wanted=,$2,
  [ "$2" = - ] && wanted=,
  present=,
  is_new - "$1" || present=,$(flood_peers "$1")
  flood_lines=$(flood_changes "$1" "$present" "$wanted")
  [ -n "$flood_lines" ] || return 0
  undo flood "$1" "$present"
  try_lines "$flood_lines" bridge -batch -
}
flood_changes() { # DEVICE PRESENT WANTED, both with commas around each: lines for `bridge`; called in a subshell of its own
  IFS=,
  for peer in $3; do
    case $2 in *",$peer,"*) ;; *) [ -z "$peer" ] || echo "fdb append 00:00:00:00:00:00 dev $1 dst $peer self" ;; esac
  done
  for peer in $2; do
    case $3 in *",$peer,"*) ;; *) [ -z "$peer" ] || echo "fdb del 00:00:00:00:00:00 dev $1 dst $peer self" ;; esac
  done
}

netns_exists() { [ -e "/run/netns/$1" ]; }

op_netns() { # NAME MARK
  if netns_exists "$1"; then
    find_link "$1" lo || link_alias='' link_state=down
    owned_by=$link_alias
    # A namespace without a mark and with nothing in it is one whose making was interrupted.
    if [ -z "$owned_by" ] && [ "$(list_links "$1" | grep -cv "^$1 lo ")" = 0 ]; then
      try ip -n "$1" link set dev lo alias "$2" || return 1
    elif [ "$owned_by" != "$2" ]; then
      fail conflict "network namespace $1 exists and is not ours: ${owned_by:+it carries the mark }${owned_by:-it carries no mark}"
      return 1
    fi
    [ "$link_state" = up ] || try ip -n "$1" link set dev lo up
  else
    try ip netns add "$1" || return 1
    undo netns "$1"
    try_lines "link set dev lo alias $2${newline}link set dev lo up" ip -n "$1" -batch - || return 1
    # There is nothing in it.
    case $listed in *" $1 "*) ;; *) listed="$listed$1 " ;; esac
    new_links="$new_links$1/ "
  fi
}

# find_where WHERE: container:NAME → pid:N, so that later words address the container's namespace. Fails where the
# container does not run; nothing is said of it.
find_where() {
  case $1 in
    container:*)
      resolved=$(docker inspect --format '{{.State.Pid}}' "${1#container:}" 2>/dev/null)
      case $resolved in '' | 0) return 1 ;; esac
      resolved=pid:$resolved ;;
    *) resolved=$1 ;;
  esac
}
resolve_where() { find_where "$1" || fail not-found "container ${1#container:} is not running"; }

op_veth() { # NAME WHERE PEER MTU PEERMAC|- BRIDGE|- MARK [OUTER]: OUTER is where NAME is, the host's own namespace if left out
  resolve_where "$2" || return 1
  veth_where=$resolved outer=${8:--}
  owned "$outer" "$1" "$7"
  case $? in 0) present=yes ;; 1) present=no ;; 2) return 1 ;; esac
  peer=no
  if find_link "$veth_where" "$3"; then
    peer=yes
    owned_by=$link_alias
    if [ "$owned_by" != "$7" ]; then
      fail conflict "interface $3 exists in $2 and is not ours: ${owned_by:+it carries the mark }${owned_by:-it carries no mark}"
      return 1
    fi
  fi
  # Half a pair is of no use: it is made anew.
  case $present$peer in
    yesyes)
      set_mtu "$outer" "$1" "$4" && set_mtu "$veth_where" "$3" "$4" || return 1
      [ "$5" = - ] || set_mac "$veth_where" "$3" "$5" || return 1
      [ "$6" = - ] || set_master "$outer" "$1" "$6" || return 1
      set_up "$outer" "$1" && set_up "$veth_where" "$3"
      return ;;
    yesno) try ip_in "$outer" link del dev "$1" && forget_links || return 1 ;;
    noyes) try ip_in "$veth_where" link del dev "$3" && forget_links || return 1 ;;
  esac
  make_peer="link set dev sdn-t-b alias $7$newline"
  case $veth_where in
    pid:*) make_peer="${make_peer}link set dev sdn-t-b netns ${veth_where#pid:}$newline" ;;
    -) ;;
    *) make_peer="${make_peer}link set dev sdn-t-b netns $veth_where$newline" ;;
  esac
  veth_more=up
  [ "$6" = - ] || veth_more="master $6 up"
  make_link "$outer" "$1" "$7" "$veth_more" mtu "$4" type veth peer name sdn-t-b mtu "$4" || return 1
  veth_more=up
  [ "$5" = - ] || veth_more="address $5 up"
  touch_link "$veth_where" "$3"
  try_lines "link set dev sdn-t-b name $3${newline}link set dev $3 $veth_more" ip_in "$veth_where" -batch - || return 1
  new_links="$new_links$veth_where/$3 "
}

op_macvlan() { # WHERE NAME LOWER MAC MTU MARK
  owned "$1" "$2" "$6"
  case $? in
    1)
      make_link "$1" "$2" "$6" '' link "$3" address "$4" mtu "$5" type macvlan mode private || return 1
      # The same address lives on every host: duplicate address detection would take it away.
      if [ -e /proc/sys/net/ipv6 ]; then try sysctl_in "$1" -qw "net.ipv6.conf.$2.accept_dad=0" || return 1; fi
      try ip_in "$1" link set dev "$2" up ;;
    0) set_mac "$1" "$2" "$4" && set_mtu "$1" "$2" "$5" && set_up "$1" "$2" ;;
    2) return 1 ;;
  esac
}

op_master() { # LINK BRIDGE MTU: a link that is the host's own, enslaved to a segment
  find_link - "$1" || { fail not-found "interface $1 does not exist"; return 1; }
  current_master=$link_master
  if [ -n "$current_master" ] && [ "$current_master" != "$2" ]; then
    fail conflict "interface $1 belongs to $current_master already"
    return 1
  fi
  set_master - "$1" "$2" && set_mtu - "$1" "$3" && set_up - "$1"
}

# shellcheck disable=SC2086 # several words
commas_apart() { (IFS=, && printf '%s\n' $1); }
addresses_of() { # WHERE LINK: each with a comma behind it
  ip_in "$1" -o addr show dev "$2" | awk '$3 == "inet" || ($3 == "inet6" && $4 !~ /^fe80:/) { printf "%s,", $4 }'
}
add_address() { # WHERE CIDR LINK
  case $2 in *:*) ip_in "$1" addr add "$2" dev "$3" nodad ;; *) ip_in "$1" addr add "$2" dev "$3" ;; esac
}

# remember_routes WHERE VERSION SELECTOR…: what `ip route show` now selects comes back when the fragment fails.
remember_routes() {
  routes_where=$1 routes_version=$2
  shift 2
  # A route that was asked for by its device is shown without it.
  routes_end=
  case " $*" in *' dev '*) routes_end=$* && routes_end=" dev ${routes_end##*dev }" ;; esac
  routes=$(ip_in "$routes_where" "$routes_version" route show "$@" 2>/dev/null |
    sed "/^fe80:/d; s/ linkdown//; s/ dead//; s/ *\$/$routes_end/")
  while read -r one_route; do
    [ -z "$one_route" ] || undo route-add "$routes_where" "$routes_version" "$one_route"
  done <<ROUTES
$routes
ROUTES
}

enable_ipv6() { # WHERE LINK: Docker turns it off in containers without a network of its own
  read_settings "$1" "net/ipv6/conf/$2/disable_ipv6"
  [ "$setting_values" = "1$newline" ] || return 0
  try sysctl_in "$1" -qw "net/ipv6/conf/$2/disable_ipv6=0" || return 1
  undo sysctl "$1" "net/ipv6/conf/$2/disable_ipv6" 1
}
swap_address() { # WHERE FROM TO LINK [-force]: one address with another prefix length, with nothing in between
  printf 'addr del %s dev %s\naddr add %s dev %s nodad\n' "$2" "$4" "$3" "$4" | ip_in "$1" ${5:+"$5"} -batch -
}
op_addresses() { # WHERE LINK CIDR,CIDR,…|-: exactly these, besides link-local ones
  resolve_where "$1" || return 1
  at=$resolved
  wanted=,$3, swapped=,
  [ "$3" = - ] && wanted=,
  present=, address_lines=''
  is_new "$at" "$2" || present=,$(addresses_of "$at" "$2")
  for cidr in $(commas_apart "$wanted"); do
    case $present in *",$cidr,"*) continue ;; esac
    nodad=
    case $cidr in
      *:*)
        enable_ipv6 "$at" "$2" || return 1
        nodad=' nodad'
        # The kernel has an IPv6 address once, whatever its prefix length.
        other=
        case $present in *",${cidr%/*}/"*) other=${present#*",${cidr%/*}/"} && other=${cidr%/*}/${other%%,*} ;; esac
        if [ -n "$other" ]; then
          undo addr-swap "$at" "$cidr" "$other" "$2"
          try swap_address "$at" "$other" "$cidr" "$2" || return 1
          swapped=$swapped$other,
          continue
        fi ;;
    esac
    undo addr-del "$at" "$cidr" "$2"
    address_lines="${address_lines}addr add $cidr dev $2$nodad$newline"
  done
  [ -z "$address_lines" ] || try_lines "$address_lines" ip_in "$at" -batch - || return 1
  for cidr in $(commas_apart "$present"); do
    case $wanted$swapped in *",$cidr,"*) continue ;; esac
    # Else the kernel takes the other addresses of the same subnet away with the first.
    try sysctl_in "$at" -qw "net/ipv4/conf/$2/promote_secondaries=1" || return 1
    remember_routes "$at" -4 dev "$2"
    remember_routes "$at" -6 dev "$2"
    try ip_in "$at" addr del "$cidr" dev "$2" || return 1
    undo addr-add "$at" "$cidr" "$2"
  done
}

version_of() { case $* in *:*) echo -6 ;; *) echo -4 ;; esac; }

op_route() { # WHERE DESTINATION DEVICE VIA|-
  resolve_where "$1" || return 1
  where_given=$1 device_given=$3
  at=$resolved
  version=$(version_of "$2" "$4")
  destination=$2
  if [ "$3" = blackhole ]; then
    route_into_hole "$2"
    return
  fi
  if [ "$4" = - ]; then
    set -- "$2" dev "$3"
  else
    set -- "$2" via "$4" dev "$3"
  fi
  known=$(ip_in "$at" "$version" route show "$destination" 2>/dev/null)
  # In the host's own table a route by another interface is somebody else's.
  case $where_given/" $known " in
    -/'  ' | -/*" dev $device_given "*) ;;
    -/*) fail conflict "the host has another route to $destination already: $known"; return 1 ;;
  esac
  if [ -z "$known" ]; then
    undo route-del "$at" "$version" "$*"
  else
    remember_routes "$at" "$version" "$destination"
  fi
  try ip_in "$at" "$version" route replace "$@"
}

# ---- policy routing: tables and rules of a router's own ---------------------------------------------------------

# Last of all routes to its destination: a subnet may be as large as its network. First the new one, then away with what
# an older version made: in between, a packet finds either.
route_into_hole() { # DESTINATION; of op_route
  hole="blackhole $1 metric 1024"
  known=$(ip_in "$at" "$version" route show "$1" metric 1024 2>/dev/null)
  case $known in
    blackhole\ *) ;;
    '') undo route-del "$at" "$version" "$hole" ;;
    *) undo route-add "$at" "$version" "$known metric 1024" ;;
  esac
  # shellcheck disable=SC2086 # several words
  try ip_in "$at" "$version" route replace $hole || return 1
  [ -n "$(ip_in "$at" "$version" route show type blackhole "$1" metric 0 2>/dev/null)" ] || return 0
  undo route-first "$at" "$version" "blackhole $1"
  try ip_in "$at" "$version" route del blackhole "$1" metric 0
}
op_table_route() { # WHERE TABLE DESTINATION DEVICE VIA
  version=$(version_of "$3")
  known=$(ip_in "$1" "$version" route show table "$2" "$3" 2>/dev/null | sed 's/ linkdown//; s/ dead//; s/ *$//')
  try ip_in "$1" "$version" route replace "$3" via "$5" dev "$4" table "$2" || return 1
  if [ -n "$known" ]; then
    undo route-add "$1" "$version" "$known table $2"
  else
    undo route-del "$1" "$version" "$3 table $2"
  fi
}

rules_at() { # WHERE VERSION PRIORITY: the rules of that priority, without it
  ip_in "$1" "$2" rule show pref "$3" 2>/dev/null | sed 's/^[0-9]*:[ \t]*//; s/ \[detached\]//; s/ *$//'
}
delete_rules() { # WHERE VERSION PRIORITY
  while [ -n "$(rules_at "$1" "$2" "$3")" ]; do ip_in "$1" "$2" rule del pref "$3" || return 1; done
}
remove_rules() { # WHERE VERSION PRIORITY; fails the fragment where it cannot, and can be undone
  rules_here=$(rules_at "$1" "$2" "$3")
  [ -n "$rules_here" ] || return 0
  while read -r one_rule; do undo rule-add "$1" "$2" "$3 $one_rule"; done <<RULES
$rules_here
RULES
  try delete_rules "$1" "$2" "$3"
}

op_rule() { # WHERE PRIORITY FROM TO|- ARRIVING|- TABLE|main-but-default|blackhole: the one rule of its priority
  version=$(version_of "$3")
  rule_where=$1 rule_priority=$2
  wanted="from ${3%/"$([ "$version" = -4 ] && echo 32 || echo 128)"}"
  [ "$4" = - ] || wanted="$wanted to ${4%/"$([ "$version" = -4 ] && echo 32 || echo 128)"}"
  [ "$5" = - ] || wanted="$wanted iif $5"
  case $6 in
    main-but-default) wanted="$wanted lookup main suppress_prefixlength 0" ;;
    blackhole) wanted="$wanted blackhole" ;;
    *) wanted="$wanted lookup $6" ;;
  esac
  [ "$(rules_at "$1" "$version" "$2")" = "$wanted" ] && return 0
  remove_rules "$1" "$version" "$2" || return 1
  # shellcheck disable=SC2086 # several words
  try ip_in "$rule_where" "$version" rule add pref "$rule_priority" $wanted || return 1
  undo rule-del "$rule_where" "$version" "$rule_priority"
}

neighbour_of() { ip_in "$1" neigh show "$3" dev "$2" nud permanent | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p'; }

op_neighbour() { # WHERE DEVICE ADDRESS MAC
  known=$(neighbour_of "$1" "$2" "$3")
  [ "$known" = "$4" ] && return 0
  try ip_in "$1" neigh replace "$3" lladdr "$4" dev "$2" nud permanent || return 1
  if [ -n "$known" ]; then undo neigh-add "$1" "$3" "$2" "$known"; else undo neigh-del "$1" "$3" "$2"; fi
}

op_gateway_fdb() { # PORT MAC: frames to the anycast gateway stay on this host, whatever arrives from others
  is_new - "$1" || ! bridge fdb show dev "$1" | grep -q "^$2 .*sticky" || return 0
  try bridge fdb replace "$2" dev "$1" master static sticky || return 1
  undo gateway-fdb "$1" "$2"
}

op_sysctl() { # WHERE KEY VALUE [KEY VALUE]…
  sysctl_at=$1 sysctl_words=
  shift
  sysctl_keys=
  for word in "$@"; do
    if [ -z "$sysctl_key" ]; then sysctl_key=$word sysctl_keys="$sysctl_keys $word"; else sysctl_key=; fi
  done
  # shellcheck disable=SC2086 # several words
  read_settings "$sysctl_at" $sysctl_keys
  while [ $# -gt 0 ]; do
    read -r current || current=
    if [ "$current" != "$2" ]; then
      save_setting "$sysctl_at" "$1" "$current"
      sysctl_words="$sysctl_words $1=$2"
    fi
    shift 2
  done <<VALUES
$setting_values
VALUES
  # shellcheck disable=SC2086 # several words
  [ -z "$sysctl_words" ] || try sysctl_in "$sysctl_at" -qw $sysctl_words
}
sysctl_key=
# What is the host's own is put back when the last resource that needed it goes. What a start of the host finds is not
# yet that: Docker, for one, has not run.
save_setting() { # WHERE KEY CURRENT
  [ -n "$3" ] || return 0
  undo sysctl "$1" "$2" "$3"
  [ "$1" = - ] && [ -z "$mode" ] || return 0
  # shellcheck disable=SC2086 # its parts
  saved=$(IFS=/; set -- $2; IFS=,; printf '%s' "$*")
  [ ! -e "$state/sysctl/$saved" ] || return 0
  printf '%s\n' "$3" >"$state/sysctl/$saved"
  undo saved-sysctl "$saved"
}

op_forwarding6() { # An interface that learns its default route from router advertisements must go on learning it.
  learning=
  for knob in /proc/sys/net/ipv6/conf/*/accept_ra; do
    name=${knob#/proc/sys/net/ipv6/conf/}
    name=${name%/accept_ra}
    case $name in all | default | lo | sdn-* | *[!A-Za-z0-9_.-]*) continue ;; esac
    { read -r current <"$knob"; } 2>/dev/null || continue
    [ "$current" != 1 ] || learning="$learning net/ipv6/conf/$name/accept_ra 2"
  done
  # shellcheck disable=SC2086 # several words
  op_sysctl - $learning net.ipv6.conf.all.forwarding 1
}

# ---- nftables ---------------------------------------------------------------------------------------------------

op_nft_table() { # WHERE JSON(base64) SETS(base64)|-: sets first, then the rules, each in one transaction
  # Every resource asks for the host's table: once a run is enough.
  [ "$*" != "$table_made" ] || return 0
  tables=
  is_new "$1" '' || tables=$(nft_in "$1" list tables 2>/dev/null)
  for family in inet bridge; do
    case "$newline$tables$newline" in *"${newline}table $family sdn$newline"*) ;; *) undo nft-table "$1" "$family" ;; esac
  done
  if [ "$3" != - ]; then run_nft "$1" "$3" || return 1; fi
  run_nft "$1" "$2" -j || return 1
  [ "$1" != - ] || table_made=$*
}
run_nft() { # WHERE INPUT(base64) [-j]
  acted=yes
  if [ -z "${3:-}" ]; then
    nft_answer=$(printf '%s' "$2" | base64 -d | nft_in "$1" -f /proc/self/fd/0 2>&1) && return 0
  else
    run_json "$1" "$2" && return 0
  fi
  fail remote-failure "nft refuses the rules: $nft_answer"
}
# A transaction in JSON. What is no JSON nft takes for its own language, or for nothing at all, and succeeds: so it must
# have answered a question after it. Asked for chains where there are none, it fetches nothing.
nft_question='{"list":{"chains":{"family":"arp"}}}'
run_json() { # WHERE JSON(base64); sets nft_answer
  nft_answer=$(printf '%s' "$2" | base64 -d 2>/dev/null | sed "\$s|]}[[:space:]]*\$|,$nft_question]}|" |
    nft_in "$1" -j -f /proc/self/fd/0 2>&1)
  has_answered $?
}
has_answered() { # EXIT-STATUS, of what is in nft_answer
  case $nft_answer in
    *'{"nftables":'*) [ "$1" != 0 ] || return 0 ;;
    *) [ "$1" != 0 ] || nft_answer='it is no transaction in JSON' ;;
  esac
  nft_answer=$(printf '%s\n' "$nft_answer" | grep -v '^{"nftables":')
  nft_answer=$(printf '%.1000s' "$nft_answer")
  return 1
}
# The parts of a concatenation stand with "/" between them, the length of a prefix behind "+".
element() { # prints; called in a subshell of its own
  IFS=/
  # shellcheck disable=SC2086 # parts
  set -- $1
  for part in "$@"; do
    shift
    case $part in *+*) part=${part%%+*}/${part#*+} ;; esac
    set -- "$@" "$part"
  done
  printf '{ %s' "$1"
  shift
  for part in "$@"; do printf ' . %s' "$part"; done
  printf ' }'
}
elements_do() { # VERB FAMILY SET=ELEMENT…: one transaction
  elements_verb=$1 elements_family=$2 elements_words=
  shift 2
  for one in "$@"; do
    elements_words="$elements_words$elements_verb element $elements_family sdn ${one%%=*} $(element "${one#*=}"); "
  done
  nft "$elements_words" 2>&1
}

op_nft_elements() { # FAMILY SET=ELEMENT…
  # What was never made is hardly there: then it is made without a look.
  [ "$generation" = 0 ] || ! elements_do get "$@" >/dev/null || return 0
  acted=yes
  nft_answer=$(elements_do create "$@")
  created=$?
  case $created:$nft_answer in 0:*) ;; *'File exists'*) ! elements_do get "$@" >/dev/null || return 0 ;; esac
  family=$1
  shift
  for one in "$@"; do
    set_name=${one%%=*} value=${one#*=}
    case $created:$nft_answer in
      0:*) ;;
      # Some are there: each for itself.
      *'File exists'*)
        nft get element "$family" sdn "$set_name" "$(element "$value")" >/dev/null 2>&1 && continue
        try nft add element "$family" sdn "$set_name" "$(element "$value")" || return 1 ;;
      *) fail remote-failure "nft: $nft_answer"; return 1 ;;
    esac
    undo nft-element "$family" "$set_name" "$value"
  done
}

chain_text() { nft_in "$1" -s list chain inet sdn "$2" 2>/dev/null; } # WHERE CHAIN
refill_chain() { # WHERE CHAIN TEXT(base64): makes a chain what it was
  { [ -z "$(chain_text "$1" "$2")" ] || echo "flush chain inet sdn $2"; printf '%s' "$3" | base64 -d; } |
    nft_in "$1" -f /proc/self/fd/0
}
op_nft_chain() { # WHERE CHAIN JSON(base64): the whole chain, in one transaction
  # Many resources may ask for the same: once a run is enough.
  case $chains_made in *" $* "*) return 0 ;; esac
  acted=yes
  chain_before=$(chain_text "$1" "$2")
  if ! run_json "$1" "$3"; then
    fail remote-failure "nft refuses the chain $2: $nft_answer"
    return 1
  fi
  if [ -n "$chain_before" ]; then undo nft-chain "$1" "$2" "$(encode "$chain_before")"; else undo nft-chain-del "$1" "$2"; fi
  [ "${#chains_made}" -lt 20000 ] || chains_made=' '
  chains_made="$chains_made$* "
}

parts() { printf '%s' "$1" | sed 's,/, . ,g'; }
map_entry() { # MAP KEY: the element in which the key lies, as nft writes it
  nft get element inet sdn "$1" "$(element "$2")" 2>/dev/null | tr -d '\n' | sed -n 's/.*elements = { \(.*\) }[ \t}]*$/\1/p'
}
# Of an element: its key with "/" between the parts, its mark, and all after the key in base64.
entry_key() { printf '%s' "$1" | sed 's/ comment ".*//; s/ : .*//; s, \. ,/,g'; }
entry_mark() { printf '%s' "$1" | sed -n 's/.* comment "\([^"]*\)".*/\1/p'; }
entry_rest() { encode "$(printf '%s' "$1" | sed 's/^[^ ]*\( \. [^ ]*\)* *//')"; }

op_nft_map() { # MAP KEY VALUE MARK: two resources that want the same key are a conflict
  entry=$(map_entry "$1" "$2")
  entry_owner=$(entry_mark "$entry")
  case $entry_owner in
    '' | "$4") ;;
    *) fail conflict "$(entry_key "$entry") in $1 belongs to $entry_owner already"; return 1 ;;
  esac
  [ "$entry" = "$(parts "$2") comment \"$4\" : $3" ] && return 0
  if [ -n "$entry" ]; then
    found_key=$(entry_key "$entry") found_rest=$(entry_rest "$entry")
    try nft delete element inet sdn "$1" "$(element "$found_key")" || return 1
    undo nft-map-add "$1" "$found_key" "$found_rest"
  fi
  try nft add element inet sdn "$1" "{ $(parts "$2") comment \"$4\" : $3 }" || return 1
  undo nft-map-del "$1" "$2"
}

know_zones() { # bridges and their conntrack zones, read once a run
  [ -z "$zones_known" ] || return 0
  zones=$(nft list map inet sdn zones 2>/dev/null | tr ',' '\n' | sed -n 's/.*"\([^"]*\)" : \([0-9]*\).*/\1 \2/p')
  zones_known=yes
}
find_zone() { # BRIDGE: sets zone_had to its own, and zones_taken to those of the others
  zone_had='' zones_taken=' '
  know_zones
  IFS=$newline
  for one_zone in $zones; do
    case $one_zone in
      "$1 "*) zone_had=${one_zone#* } ;;
      *) zones_taken="$zones_taken${one_zone#* } " ;;
    esac
  done
  IFS=$blanks
}
set_zone() { # BRIDGE ZONE|-: in one transaction
  find_zone "$1"
  zone_words=
  [ -z "$zone_had" ] || zone_words="delete element inet sdn zones { \"$1\" }; "
  [ "$2" = - ] || zone_words="${zone_words}add element inet sdn zones { \"$1\" : $2 }"
  [ -z "$zone_words" ] || nft "$zone_words"
}
op_zone() { # BRIDGE ZONE: that one, or where another bridge has it, the next that is free
  find_zone "$1"
  zone=$2
  while [ "$zone" != "$zone_had" ]; do
    case $zones_taken in *" $zone "*) zone=$((zone % 65535 + 1)) ;; *) break ;; esac
  done
  [ "$zone" != "$zone_had" ] || return 0
  undo zone "$1" "${zone_had:--}"
  try set_zone "$1" "$zone" || return 1
  if [ -z "$zone_had" ]; then zones=$zones$newline$1\ $zone; else zones_known=; fi
}

docker_user() { # TOOL OPERATION IN OUT MARK: the rule by which DOCKER-USER lets a segment's packets pass
  "$1" -w 10 "$2" DOCKER-USER -i "$3" -o "$4" -m comment --comment "$5" -j ACCEPT
}
has_docker_user() { # TOOL: looked for once
  case $docker_users in *" $1 "*) return 0 ;; *" no-$1 "*) return 1 ;; esac
  if command -v "$1" >/dev/null 2>&1 && "$1" -w 10 -n -L DOCKER-USER >/dev/null 2>&1; then
    docker_users="$docker_users$1 "
  else
    docker_users="${docker_users}no-$1 "
    return 1
  fi
}
docker_users=' '

op_forward_accept() { # IN OUT MARK: Docker drops what it did not make; its DOCKER-USER chain is for such rules
  for tool in iptables ip6tables; do
    has_docker_user "$tool" || continue
    docker_user "$tool" -C "$1" "$2" "$3" 2>/dev/null && continue
    try docker_user "$tool" -I "$1" "$2" "$3" || return 1
    undo iptables "$tool" "$1" "$2" "$3"
  done
}

# ---- Docker -----------------------------------------------------------------------------------------------------

op_docker_network() { # NAME BRIDGE MTU MARK SUBNET4 GATEWAY4 RANGE4 ROUTER4 SUBNET6|- GATEWAY6|- RANGE6|- ROUTER6|- [internal]
  known=$(docker network inspect --format '{{index .Labels "sdn.mark"}} {{index .Labels "sdn.shape"}}' "$1" 2>/dev/null)
  shape=$(printf '%s ' "$@" | cksum | tr -dc '0-9')
  if [ -n "$known" ] && [ "$known" != "$4 $shape" ]; then
    case $known in
      "$4 "*) try docker network rm "$1" && forget_links || return 1 ;;
      ' '*) fail conflict "Docker network $1 exists and is not ours: it carries no mark"; return 1 ;;
      *) fail conflict "Docker network $1 exists and is not ours: it carries the mark ${known%% *}"; return 1 ;;
    esac
    known=
  fi
  if [ -z "$known" ]; then
    docker_name=$1 docker_bridge=$2 docker_internal=${13:-}
    # The bridge's own address would be the gateway: it gets an unused one, and containers learn the anycast one.
    set -- "$3" "$4" --subnet "$5" --ip-range "$7" --gateway "$8" --aux-address "DefaultGatewayIPv4=$6" \
      "$9" "${10}" "${11}" "${12}"
    docker_mtu=$1 docker_mark=$2
    shift 2
    if [ "$9" = - ]; then
      set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8"
    else
      set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" --ipv6 --subnet "$9" --ip-range "${11}" --gateway "${12}" \
        --aux-address "DefaultGatewayIPv6=${10}"
    fi
    [ -z "$docker_internal" ] || set -- --internal "$@"
    try docker network create --driver bridge "$@" \
      -o "com.docker.network.bridge.name=$docker_bridge" -o com.docker.network.bridge.inhibit_ipv4=true \
      -o com.docker.network.bridge.enable_ip_masquerade=false -o "com.docker.network.driver.mtu=$docker_mtu" \
      --label "sdn.mark=$docker_mark" --label "sdn.shape=$shape" "$docker_name" || return 1
    undo docker-network "$docker_name"
    forget_links
  else
    docker_bridge=$2
  fi
  # Docker 20.10 has no way to leave the bridge without an IPv6 address.
  read_settings - "net/ipv6/conf/$docker_bridge/disable_ipv6"
  [ "$setting_values" = "1$newline" ] || try sysctl -qw "net.ipv6.conf.$docker_bridge.disable_ipv6=1"
}

# What somebody else made is adopted: it gets the mark, and what was changed since is put back.
op_adopt_link() { # NAME KIND MTU BRIDGE|- MARK
  link_exists - "$1" || {
    fail not-found "interface $1 does not exist; what was adopted is not made anew"
    return 1
  }
  ip -d -o link show dev "$1" | grep -q "\\\\ *$2 [a-z]" || {
    fail conflict "interface $1 is no $2"
    return 1
  }
  owned_by=$link_alias
  touch_link - "$1"
  case $owned_by in
    "$5") ;;
    '') try ip link set dev "$1" alias "$5" || return 1
      undo set - "$1" alias ;;
    *) fail conflict "interface $1 carries the alias $owned_by, which is somebody's"
      return 1 ;;
  esac
  set_mtu - "$1" "$3" || return 1
  [ "$4" = - ] || set_master - "$1" "$4"
}
op_adopt_docker_network() { # NAME ID: its labels cannot be changed; the record of this fragment is the mark
  known=$(docker network inspect --format '{{.Id}}' "$1" 2>/dev/null)
  [ "$known" = "$2" ] && return 0
  if [ -z "$known" ]; then
    fail not-found "Docker network $1 does not exist; what was adopted is not made anew"
  else
    fail conflict "Docker network $1 is another one than was adopted: its ID is $known"
  fi
}

op_docker_connection() { # NETWORK CONTAINER IPV4|- IPV6|-
  known=$(docker inspect --format "{{with index .NetworkSettings.Networks \"$1\"}}{{or .IPAddress \"-\"}} {{or .GlobalIPv6Address \"-\"}}{{end}}" "$2" 2>/dev/null) || {
    fail not-found "container $2 does not exist on this engine"
    return 1
  }
  [ "$known" = "$3 $4" ] && return 0
  if [ -n "$known" ]; then
    try docker network disconnect "$1" "$2" || return 1
    undo docker-connect "$1" "$2" "$known"
  fi
  try connect_container "$1" "$2" "$3" "$4" || return 1
  undo docker-disconnect "$1" "$2"
}
connect_container() { # NETWORK CONTAINER IPV4|- IPV6|-
  network=$1 container=$2 ipv4=$3 ipv6=$4
  set --
  [ "$ipv4" = - ] || set -- "$@" --ip "$ipv4"
  [ "$ipv6" = - ] || set -- "$@" --ip6 "$ipv6"
  docker network connect "$@" "$network" "$container"
}

# ---- ports of containers ----------------------------------------------------------------------------------------

# find_port CONTAINER NETWORK BRIDGE: the host's end of its interface there, which an engine names anew at each start.
find_port() {
  find_where "container:$1" || return 1
  port_mac=$(docker inspect --format "{{with index .NetworkSettings.Networks \"$2\"}}{{.MacAddress}}{{end}}" "$1" 2>/dev/null)
  [ -n "$port_mac" ] || return 1
  port_index=$(ip_in "$resolved" -o link show | sed -n "/link\/ether $port_mac /s/^[0-9]*: [^@]*@if\([0-9]*\):.*/\1/p")
  port=$(ip -o link show master "$3" 2>/dev/null | sed -n "s/^$port_index: \([^@:]*\).*/\1/p")
  [ -n "$port" ]
}
# The port, its MAC address as a number and the link-local address that follows from it, in the place of their names.
elements_of_port() { # SET=ELEMENT…
  mac_number=$((0x$(printf '%s' "$port_mac" | tr -d :)))
  identifier=$((((mac_number >> 24) ^ 0x20000) << 40 | 0xfffe000000 | (mac_number & 0xffffff)))
  printf '%s\n' "$@" | sed "s/%/$port/; s/MAC/$mac_number/; s/LINK-LOCAL/$(printf '0xfe80000000000000%016x' "$identifier")/"
}
elements_in() { # SET PORT: as nft writes them
  nft list set bridge sdn "$1" 2>/dev/null | tr '{,}' '\n' | sed -n "/\"$2\"/s/^[^\"]*//p"
}
delete_port_elements() { # PORT
  for set_name in guarded senders any_sender sources4 sources4_blocks sources6 sources6_blocks; do
    elements_in "$set_name" "$1" | while read -r one; do nft delete element bridge sdn "$set_name" "{ $one }"; done
  done >/dev/null 2>&1
}
forget_dead_ports() {
  elements_in guarded 'veth[^"]*' | tr -d '" ' | while read -r dead; do
    link_exists - "$dead" || delete_port_elements "$dead"
  done
}
op_container_guard() { # CONTAINER NETWORK BRIDGE SET=ELEMENT…
  forget_dead_ports
  # One that does not run is guarded when it is looked at again.
  find_port "$1" "$2" "$3" || return 0
  shift 3
  # shellcheck disable=SC2046 # each line is a word
  op_nft_elements bridge $(elements_of_port "$@")
}
op_remove_container_guard() { # CONTAINER NETWORK BRIDGE
  forget_dead_ports
  find_port "$1" "$2" "$3" || return 0
  for set_name in guarded senders any_sender sources4 sources4_blocks sources6 sources6_blocks; do
    for one in $(elements_in "$set_name" "$port" | tr -d '" ' | sed 's,/,+,; s,\([^.]*\)\.,\1/,'); do
      undo nft-add bridge "$set_name" "$one"
    done
  done
  delete_port_elements "$port"
}

# ---- removal: absent is fine, somebody else's is left alone -----------------------------------------------------

op_remove_link() { # WHERE LINK MARK
  find_link "$1" "$2" || return 0
  [ "$link_alias" = "$3" ] || { warn "interface $2 is not ours any more and stays"; return 0; }
  forget_links
  # Nothing brings a link back: in a change it goes when all else is done.
  if [ "$hash" = - ]; then try ip_in "$1" link del dev "$2"; else last_links="$last_links$1 $2$newline"; fi
}
remove_last() {
  [ -z "$last_links" ] || forget_links
  while read -r last_where last_chain; do
    [ -z "$last_chain" ] || try nft_in "$last_where" delete chain inet sdn "$last_chain" || return 1
  done <<CHAINS
$last_chains
CHAINS
  while read -r last_family last_set last_value; do
    [ -z "$last_set" ] || delete_element "$last_family" "$last_set" "$last_value" || return 1
  done <<ELEMENTS
$last_elements
ELEMENTS
  while read -r last_where last_link; do
    [ -z "$last_link" ] || try ip_in "$last_where" link del dev "$last_link" || return 1
  done <<LINKS
$last_links
LINKS
  remove_last_foreign
}
op_remove_adoption() { # NAME MARK: released, not removed
  find_link - "$1" || return 0
  [ "$link_alias" = "$2" ] || { warn "interface $1 is not ours any more and stays as it is"; return 0; }
  touch_link - "$1"
  try ip link set dev "$1" alias '' || return 1
  undo set - "$1" alias "$2"
}
op_remove_netns() { # NAME MARK
  netns_exists "$1" || return 0
  find_link "$1" lo || link_alias=
  [ "$link_alias" = "$2" ] || { warn "network namespace $1 is not ours any more and stays"; return 0; }
  forget_links
  chains_made=' '
  try ip netns del "$1"
}
op_remove_docker_network() { # NAME MARK
  known=$(docker network inspect --format '{{index .Labels "sdn.mark"}}' "$1" 2>/dev/null) || return 0
  [ "$known" = "$2" ] || { warn "Docker network $1 is not ours any more and stays"; return 0; }
  adopt_bridge "$(docker network inspect --format '{{index .Options "com.docker.network.bridge.name"}}' "$1")" "$2"
  users=$(docker network inspect --format '{{range .Containers}}{{.Name}} {{end}}' "$1")
  if [ -n "$users" ]; then
    fail conflict "Docker network $1 still has containers: $users; remove or disconnect them first"
    return 1
  fi
  forget_links
  try docker network rm "$1"
}
op_remove_docker_connection() { # NETWORK CONTAINER
  docker inspect "$2" >/dev/null 2>&1 || return 0
  docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{"\n"}}{{end}}' "$2" | grep -qx "$1" || return 0
  try docker network disconnect "$1" "$2"
}
op_remove_route() { # WHERE DESTINATION DEVICE
  find_where "$1" || return 0
  at=$resolved
  version=$(version_of "$2")
  if [ "$3" = blackhole ]; then
    set -- "blackhole $2" "$2" type blackhole
  else
    set -- "$2 dev $3" "$2" dev "$3"
  fi
  route=$1
  shift
  [ -n "$(ip_in "$at" "$version" route show "$@" 2>/dev/null)" ] || return 0
  remember_routes "$at" "$version" "$@"
  # shellcheck disable=SC2086 # several words
  try ip_in "$at" "$version" route del $route
}
op_remove_neighbour() { # WHERE DEVICE ADDRESS
  known=$(neighbour_of "$1" "$2" "$3" 2>/dev/null)
  [ -n "$known" ] || return 0
  try ip_in "$1" neigh del "$3" dev "$2" || return 1
  undo neigh-add "$1" "$3" "$2" "$known"
}
op_remove_master() { # LINK BRIDGE
  find_link - "$1" || return 0
  [ "$link_master" = "$2" ] || return 0
  touch_link - "$1"
  try ip link set dev "$1" nomaster || return 1
  undo set - "$1" master "$2"
}
op_remove_nft_element() { # FAMILY SET ELEMENT
  # In a change a link that goes is guarded until it goes.
  if [ "$hash" = - ]; then delete_element "$@"; else last_elements="$last_elements$1 $2 $3$newline"; fi
}
delete_element() {
  nft get element "$1" sdn "$2" "$(element "$3")" >/dev/null 2>&1 || return 0
  try nft delete element "$1" sdn "$2" "$(element "$3")" || return 1
  undo nft-add "$1" "$2" "$3"
}
op_remove_table_route() { # WHERE TABLE DESTINATION
  version=$(version_of "$3")
  known=$(ip_in "$1" "$version" route show table "$2" "$3" 2>/dev/null | sed 's/ linkdown//; s/ dead//; s/ *$//')
  [ -n "$known" ] || return 0
  try ip_in "$1" "$version" route del "$3" table "$2" || return 1
  undo route-add "$1" "$version" "$known table $2"
}
# What others may want, too, such as a neighbour entry: it goes with the last of them. Its removal names the thing in the
# words with which the instruction that makes it begins.
op_remove_shared() { # OPERATION WORD…
  ! ensured_by_another "$*" || return 0
  shared_operation=$1
  shift
  "op_remove_$shared_operation" "$@"
}
ensured_by_another() { # LINE: whether another record has one that begins so
  # Of the grammar of words, a pattern reads only the dot as anything else.
  # shellcheck disable=SC2086 # its parts
  ensured=$(IFS=. && set -f && set -- $1 && printf '%s\.' "$@")
  ensured=${ensured%??}
  grep -rqs --exclude="$fragment" -e "^$ensured " -e "^$ensured\$" "$state/resources"
}
op_remove_rule() { remove_rules "$1" "-$2" "$3"; } # WHERE 4|6 PRIORITY
op_remove_nft_chain() { # WHERE CHAIN: emptied now, taken away when all else is done, since nothing brings its place back
  chains_made=' '
  chain_before=$(chain_text "$1" "$2")
  [ -n "$chain_before" ] || return 0
  try nft_in "$1" flush chain inet sdn "$2" || return 1
  undo nft-chain "$1" "$2" "$(encode "$chain_before")"
  if [ "$hash" = - ]; then try nft_in "$1" delete chain inet sdn "$2"; else last_chains="$last_chains$1 $2$newline"; fi
}
# What somebody put into a table of ours. It was foreign when somebody looked: a record written since may account for it.
op_remove_foreign() { # WHERE FAMILY chain|set|map|element NAME [ELEMENT]: goes when all else is done
  case $3 in
    element)
      ! grep -rqwF -e "$4=$5" -e "nft_map $4 $5" -e "${4%s} $5" "$state/resources" || return 0
      nft_in "$1" get element "$2" sdn "$4" "$(element "$5")" >/dev/null 2>&1 || return 0 ;;
    *)
      ! grep -rqwF -e "nft_chain $1 $4" "$state/resources" || return 0
      nft_in "$1" list "$3" "$2" sdn "$4" >/dev/null 2>&1 || return 0 ;;
  esac
  last_foreign="$last_foreign$*$newline"
}
remove_last_foreign() { # of each namespace in one transaction: chains lead to each other, and their rules look into sets
  [ -n "$last_foreign" ] || return 0
  for foreign_where in $(printf '%s' "$last_foreign" | sed 's/ .*//' | sort -u); do
    foreign_flush='' foreign_sets='' foreign_chains=''
    while read -r last_where last_family last_kind last_name last_value; do
      [ "$last_where" = "$foreign_where" ] || continue
      case $last_kind in
        chain)
          foreign_flush="$foreign_flush flush chain $last_family sdn $last_name;"
          foreign_chains="$foreign_chains delete chain $last_family sdn $last_name;" ;;
        element) foreign_sets="$foreign_sets delete element $last_family sdn $last_name $(element "$last_value");" ;;
        *) foreign_sets="$foreign_sets delete $last_kind $last_family sdn $last_name;" ;;
      esac
    done <<FOREIGN
$last_foreign
FOREIGN
    try nft_in "$foreign_where" "$foreign_flush$foreign_sets$foreign_chains" || return 1
  done
}
op_remove_nft_map() { # MAP KEY MARK
  entry=$(map_entry "$1" "$2")
  [ "$(entry_mark "$entry")" = "$3" ] || return 0
  found_key=$(entry_key "$entry") found_rest=$(entry_rest "$entry")
  try nft delete element inet sdn "$1" "$(element "$found_key")" || return 1
  undo nft-map-add "$1" "$found_key" "$found_rest"
}
op_remove_zone() { # BRIDGE
  find_zone "$1"
  [ -n "$zone_had" ] || return 0
  undo zone "$1" "$zone_had"
  try set_zone "$1" -
  zones_known=
}
op_remove_forward_accept() { # IN OUT MARK
  for tool in iptables ip6tables; do
    has_docker_user "$tool" || continue
    docker_user "$tool" -C "$1" "$2" "$3" 2>/dev/null || continue
    try docker_user "$tool" -D "$1" "$2" "$3" || return 1
    undo iptables-add "$tool" "$1" "$2" "$3"
  done
}

# ---- fragments --------------------------------------------------------------------------------------------------

op_begin() { # RESOURCE EXPECTED-GENERATION|- MARK HASH
  fragment=$1 failed=0 undo_list='' last_links='' last_elements='' last_chains='' last_foreign='' mark=$3 hash=$4
  words='' present_mark='' present_hash='' generation=0
  check_record "$1"
  case $record_state in
    whole | old) present_mark=$record_mark present_hash=$record_hash generation=$record_generation ;;
    # What is left of a damaged one tells nothing: the state's word is taken.
    damaged) [ "$2" = - ] || generation=$2 ;;
  esac
  if [ -n "$keep_problem" ] && [ "$hash" != - ]; then
    fail remote-failure "$keep_problem"
    return 1
  fi
  if [ -n "$present_mark" ] && [ "$present_mark" != "$3" ]; then
    fail conflict "$1 belongs to another owner: $present_mark"
    return 1
  fi
  # A generation that moved on to just what is wanted now is our own change whose reply was lost.
  if [ "$2" != - ] && [ "$2" != "$generation" ] && [ "$generation" != 0 ] && [ "$present_hash" != "$4" ]; then
    fail stale "$1 has generation $generation on the host, this state was written for $2"
    return 1
  fi
  # The state may know another version: what only this one has would stay behind.
  if [ -n "$present_mark" ] && [ "$present_hash" != "$4" ] && [ "$1" != firewall ]; then say "previous $1 $record_intent"; fi
}

op_end() { # INTENT(base64)
  [ "$failed" = 1 ] || { record "$1" && say "result $fragment ok $generation"; }
  leave_fragment
}

record() { # INTENT(base64)|=: what was done; the last that can fail
  before=
  if [ -n "$last_links$last_elements$last_chains$last_foreign" ] && [ -e "$state/resources/$fragment" ]; then
    before=$(cat "$state/resources/$fragment" 2>/dev/null)
  fi
  [ "$present_hash" = "$hash" ] && [ "$generation" != 0 ] || generation=$((generation + 1))
  write_ledger "$1" || {
    fail remote-failure "$state/resources/$fragment cannot be written (disk full?)"
    return 1
  }
  remove_last && written="$written $fragment " && return 0
  if [ -n "$before" ]; then write_ledger -; else rm -f "$state/resources/$fragment"; fi
  return 1
}

# Written beside and renamed: a reader sees the old one or the new one.
write_ledger() { # INTENT(base64), "=" for what came of firewall_patch, "-" for the record of before
  {
    case $1 in
      -) printf '%s\n' "$before" ;;
      =) record_of_patch ;;
      *) record_text "$1" ;;
    esac >"$state/resources/.$fragment.new" &&
    mv "$state/resources/.$fragment.new" "$state/resources/$fragment"; } 2>/dev/null && return 0
  rm -f "$state/resources/.$fragment.new" 2>/dev/null
  return 1
}

op_forget() { # the fragment's resource is gone
  [ "$failed" = 1 ] || { rm -f "$state/resources/$fragment" && say "result $fragment ok 0"; }
  leave_fragment
}
op_unrecorded() { # what was done is for a time: the record stays as it is
  [ "$failed" = 1 ] || say "result $fragment ok $generation"
  leave_fragment
}

leave_fragment() { # from here on nothing of it is undone
  forget_patch
  fragment='' failed=0 undo_list='' last_links='' last_elements='' last_chains='' last_foreign=''
}

restore_host() { # with the last resource, what was the host's own is as it was
  [ -d "$state/resources" ] || return 0
  [ -z "$(ls "$state/resources")" ] && [ ! -e "$state/firewall.armed" ] || return 0
  forget_firewall
  nft delete table inet sdn 2>/dev/null
  nft delete table bridge sdn 2>/dev/null
  for saved in "$state"/sysctl/*; do
    [ -e "$saved" ] || continue
    sysctl -qw "$(printf '%s' "${saved##*/}" | tr , /)=$(cat "$saved")" 2>/dev/null
    rm -f "$saved"
  done
}
drop_empty_folders() {
  if ! no_resources; then settle && return; fi
  unkeep
  rmdir "$state/resources" "$state/sysctl" "$state" 2>/dev/null
  [ "$scope" = - ] || rmdir /var/lib/sdn/netns /var/lib/sdn 2>/dev/null
}

# ---- the report -------------------------------------------------------------------------------------------------

section() { # TITLE WHERE COMMAND…: the command's output as one base64 word
  title=$1 about=$2
  shift 2
  say "section $title $about $("$@" 2>/dev/null | base64 -w 0)"
}
json() { # TITLE WHERE COMMAND…: the command's output, which is JSON in one line
  printf 'json %s %s ' "$1" "$2"
  shift 2
  "$@" 2>/dev/null
  echo
}
docker_networks() {
  ids=$(docker network ls -q --no-trunc 2>/dev/null)
  # shellcheck disable=SC2086 # ids are hexadecimal words
  [ -n "$ids" ] && docker network inspect $ids
}
# Without what was learned but for gateways (their MAC prefix is in names.ts), and each device's flood list as one word: of a large fleet they are most of the report.
forwarding_entries() {
  bridge fdb show | awk '
    { device = peer = ""; for (i = 2; i < NF; i++) if ($i == "dev") device = $(i + 1); else if ($i == "dst") peer = $(i + 1) }
    $1 == "00:00:00:00:00:00" && peer != "" { flood[device] = flood[device] "," peer; next }
    / (sticky|static)( |$)/ || /^0a:5d:/ { print "entry", device, $1, / sticky( |$)/ ? "sticky" : "other" }
    END { for (device in flood) print "flood", device, substr(flood[device], 2) }'
}
namespace_names() { for one in /run/netns/sdn-r-*; do [ ! -e "$one" ] || echo "${one##*/}"; done; }
namespace_is_ours() { # the ones of this scope
  case $scope in
    -) case $1 in *--*) return 1 ;; esac ;;
    *) case $1 in *"--$scope") ;; *) return 1 ;; esac ;;
  esac
}
probe_features() { # in a throw-away network namespace: nothing of the host is touched
  # shellcheck disable=SC2016 # the inner shell expands it
  unshare -n sh -c '
    command -v ip >/dev/null || exit
    failed=$(ip -force -batch - 2>&1 <<LINKS
link add sdnp0 type bridge
link add sdnp1 type vxlan id 1 local 192.0.2.1 dstport 4789
link add sdnp2 type veth peer name sdnp3
link add sdnp4 link sdnp2 type macvlan mode private
LINKS
    )
    number=0
    for feature in bridge vxlan veth macvlan; do
      number=$((number + 1))
      case $failed in *"-:$number"*) ;; *) echo "$feature" ;; esac
    done
    table="add table inet sdnp" bridge_table="add table bridge sdnp"
    chain="add chain inet sdnp n { type nat hook postrouting priority 100 ; }"
    # All three are one transaction: where it fails, none is there.
    if nft "$table; $chain; $bridge_table"; then
      echo nftables nat nft-bridge
    else
      nft "$table" && echo nftables
      nft "$chain" && echo nat
      nft "$bridge_table" && echo nft-bridge
    fi' 2>/dev/null
}
underlay_hint() { # the address at which the operator's session arrived, else the source of the default route
  # shellcheck disable=SC2086 # four words by sshd's definition
  set -- ${SDN_SSH_CONNECTION:-}
  if [ $# = 4 ] && [ -n "$(ip -o addr show to "$3" 2>/dev/null)" ]; then echo "$3"; return; fi
  ip -o -4 route get 198.51.100.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p'
}
# The engine's program takes its time to find out that there is no engine.
engine_may_be_there() {
  command -v docker >/dev/null 2>&1 || return 1
  [ -S /run/docker.sock ] || [ -S /var/run/docker.sock ] || [ -n "${DOCKER_HOST:-}" ] || [ -e "${HOME:-/root}/.docker/config.json" ]
}
docker_facts() { # both at once: no command of Docker's has both. Each writes in pieces, so each is said whole.
  {
    say "docker $(docker version --format '{{.Server.Version}} {{.Server.APIVersion}}')" &
    say "docker-pools $(docker info --format '{{json .DefaultAddressPools}}')" &
    wait
  } 2>/dev/null
}
facts() {
  section facts - fact_lines
  report_events
}
fact_lines() {
  uname -nrm | while read -r name release machine; do
    printf '%s\n' "hostname $name" "kernel $release" "architecture $machine"
  done
  # shellcheck disable=SC1091 # the host's own file
  printf 'os %s\n' "$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}")"
  version=$(ip -V 2>/dev/null)
  version=${version#*iproute2-}
  echo "iproute2 ${version%%,*}"
  version=$(nft --version 2>/dev/null)
  version=${version#*v}
  echo "nftables ${version%% *}"
  if engine_may_be_there; then docker_facts; fi
  # shellcheck disable=SC2046 # several words
  echo features $(probe_features)
  echo "underlay $(underlay_hint)"
  echo "uid $(id -u)"
  echo "persistence $(persistence)"
}
report() {
  json addresses - ip -j -d addr show
  section fdb - forwarding_entries
  json routes4 - ip -j -4 route show
  json routes6 - ip -j -6 route show
  json nft - nft -j list table inet sdn
  json nft-bridge - nft -j list table bridge sdn
  for name in $(namespace_names); do
    namespace_is_ours "$name" || continue
    json addresses "$name" ip -n "$name" -j -d addr show
    json routes4 "$name" ip -n "$name" -j -4 route show
    json routes6 "$name" ip -n "$name" -j -6 route show
    json neighbours "$name" ip -n "$name" -j neigh show nud permanent
    json nft "$name" ip netns exec "$name" nft -j list table inet sdn
  done
  engine_may_be_there && section docker-networks - docker_networks
  for file in "$state"/resources/*; do
    [ -e "$file" ] || continue
    check_record "${file##*/}"
    if [ "${file##*/}" = firewall ]; then
      [ -n "$firewall_told" ] || { say_firewall_record -; say_held; }
      continue
    fi
    case $record_state in
      damaged) say "damaged ${file##*/}" ;;
      *) say "ledger ${file##*/} $record_generation $record_hash $record_mark $record_intent $record_state" ;;
    esac
  done
}
op_query_sysctl() { # WHERE KEY…
  query_at=$1
  shift
  read_settings "$query_at" "$@"
  for key in "$@"; do
    read -r value || value=
    # shellcheck disable=SC2086 # several values are one word
    say "sysctl $query_at $key $(set -- $value; IFS=,; echo "$*")"
  done <<VALUES
$setting_values
VALUES
}
op_query_rules() { section "rules$2" "$1" ip_in "$1" "-$2" -j rule show; } # WHERE 4|6
op_query_table() { # WHERE 4|6 TABLE. Of a table that is not there `ip` prints the beginning of a list and fails.
  table_text=$(ip_in "$1" "-$2" -j route show table "$3" 2>/dev/null) || table_text=
  say "section table$2 $1/$3 $(encode "$table_text")"
}
op_query_listeners() { section listeners - ss -H -l -n -t -u; } # the ports that the host itself listens on
op_query_container() { section container "container:$1" docker inspect "$1"; } # NAME
op_query_path() { paths="$paths$*$newline"; } # LOCAL PEER BYTES: whether a packet of that size gets there undivided
probe_paths() { # all at once, so that one that does not answer holds up nothing
  [ -n "$paths" ] && command -v ping >/dev/null 2>&1 || return 0
  printf '%s' "$paths" | sort -u | {
    while read -r local peer bytes; do probe_path "$local" "$peer" "$bytes" & done
    wait
  }
}
probe_path() { # LOCAL PEER BYTES
  if full_ping "$1" "$2" "$3"; then say "path $2 $3 $3"; return; fi
  # Nobody who answers: nothing can be told of the way.
  if ! full_ping "$1" "$2" 128; then say "path $2 $3 -"; return; fi
  low=128 high=$3
  while [ $((high - low)) -gt 8 ]; do
    middle=$(((low + high) / 2))
    if full_ping "$1" "$2" "$middle"; then low=$middle; else high=$middle; fi
  done
  say "path $2 $3 $low"
}
full_ping() { # LOCAL PEER BYTES: two attempts, as the first packet may wait for its neighbour's address
  header=28
  case $2 in *:*) header=48 ;; esac
  for attempt in 1 2; do
    ping -n -q -c 1 -W 1 -M "do" -s $(($3 - header)) -I "$1" "$2" >/dev/null 2>&1 && return 0
  done
  return "$attempt"
}
op_query_port() { if find_port "$@"; then say "port $1 $2 $port"; fi; } # CONTAINER NETWORK BRIDGE
op_query_forward() { # IN OUT MARK
  for tool in iptables ip6tables; do
    if has_docker_user "$tool"; then
      docker_user "$tool" -C "$1" "$2" "$3" 2>/dev/null && found=yes || found=no
    else
      found=unneeded
    fi
    say "forward $tool $1 $2 $found"
  done
}
op_query_namespace() { # NAME LINK: a namespace of somebody else that one of our links is in
  find_where "$1" || return 0
  section addresses "$1" ip_in "$resolved" -j -d addr show dev "$2"
  section routes4 "$1" ip_in "$resolved" -j -4 route show
  section routes6 "$1" ip_in "$resolved" -j -6 route show
}

# ---- main loop --------------------------------------------------------------------------------------------------

find_lock() {
  lock=/run/lock/sdn.lock
  [ -d /run/lock ] || lock=/run/sdn.lock
  # A host that is a namespace is locked by its own name: nothing is left of it when it goes.
  [ "$scope" = - ] || lock=/run/netns/$scope
}
open_lock() { # as file 9
  find_lock
  # Tried apart: a shell ends where `exec` cannot open a file.
  [ -e "$lock" ] || ( : >"$lock" ) 2>/dev/null || fatal "$lock cannot be written"
  exec 9<"$lock"
}
prepare() { # one run at a time on a host
  open_lock
  if command -v flock >/dev/null 2>&1 && ! flock -w "$lock_wait" 9; then
    fatal "another run of sdn holds the lock of this host for $lock_wait seconds"
  fi
  locked=yes
  for folder in resources sysctl; do [ -d "$state/$folder" ] || mkdir -p "$state/$folder" 2>/dev/null; done
  # Of an interrupted run: see write_ledger and make_link.
  for file in "$state"/resources/.*.new "$state"/.*.new; do [ ! -e "$file" ] || rm -f "$file"; done
  if [ -e "$found.old" ]; then patch_sum=left && forget_patch; fi
  if find_link - sdn-t-a; then
    ip link del dev sdn-t-a
    forget_links
  fi
  roll_back_overdue
}

fatal() {
  undo_all
  if [ -n "$mode" ]; then echo "$1" >&2; exit 1; fi
  say "fatal $(encode "$1")"
  exit 0
}

perform() { # OPERATION WORD…
  op=$1
  shift
  case $op in
    scope) scope=$1; [ "$scope" = - ] || { state=/var/lib/sdn/netns/$scope; seen=$state/seen found=$state/firewall pictured=$state/listing; } ;;
    lock) set +f; prepare; set -f ;;
    keep) op_keep || true ;;
    again) op_again "$1" || true ;;
    facts) facts ;;
    report) probe_paths; set +f; report; set -f ;;
    restore) set +f; restore_host; set -f ;;
    query_sysctl | query_container | query_forward | query_namespace | query_path | query_port | query_rules | query_table | query_listeners | query_neighbours | query_service_network | query_balancer | query_dns_facts | query_dns_entries | query_dns_server | \
      query_firewall | query_flows | query_reach | query_firewall_hits | query_firewall_table | query_own_flows | query_foreign | firewall_check | firewall_disarm | firewall_rollback) "op_$op" "$@" ;;
    begin | end | forget | unrecorded) "op_$op" "$@" ;;
    forwarding6) [ "$failed" = 1 ] || { set +f; op_forwarding6; set -f; } ;;
    bridge | vxlan | flood | netns | veth | macvlan | master | addresses | route | table_route | rule | neighbour | gateway_fdb | sysctl | \
      nft_table | nft_elements | nft_chain | nft_map | zone | forward_accept | docker_network | docker_connection | container_guard | \
      adopt_link | adopt_docker_network | bridged_packets | service_path | service_network | service_rules | service_balancer | dns_entry | dns_server | \
      firewall_patch | firewall_arm | firewall_next | firewall_settings | firewall_own_settings | firewall_dynamics | firewall_change | firewall_table | firewall_hold | firewall_settle | remove_*) [ "$failed" = 1 ] || "op_$op" "$@" ;;
    *) fatal "unknown operation $op" ;;
  esac
}

# Started from the saved copy, by systemd.
if [ -n "${1:-}" ]; then
  mode=$1
  if [ "$mode" = firewall-timer ]; then
    shift
    run_timer "$@"
    exit
  fi
  if [ "$mode" = follow ]; then
    run_follow
    exit
  fi
  # The timer comes again; boot comes once. What only fills in elements is soon over.
  [ "$mode" = restore ] || lock_wait=5
  prepare
  set -f
  op_again "$mode"
  exit
fi

# Nothing is done before everything has arrived: a connection cut on the way changes nothing. And what was begun
# is finished (or undone) though nobody listens any more.
trap '' HUP PIPE
instructions=$(cat)
case $instructions in
  *"${newline}done") ;;
  *) fatal "the instructions ended early; nothing was changed" ;;
esac
set -f
exec </dev/null
# Read line by line the shell would ask the kernel for every single character.
IFS=$newline
for line in $instructions; do
  IFS=$blanks
  [ "$line" = done ] && break
  # What makes the resource is saved with its record.
  case $line in
    end\ * | remove_* | firewall_patch\ * | firewall_arm\ * | firewall_next\ * | firewall_change\ * | firewall_hold\ * | firewall_settle\ *) ;;
    *) words="$words$line$newline" ;;
  esac
  # Words are from the allow-list grammar: splitting at blanks is all that the shell does to them.
  # shellcheck disable=SC2086
  perform $line
done
settle_dns || :
settle_balancers || :
[ -z "$locked" ] || drop_empty_folders
say complete
