# The firewall's table, `inet sdn_fw`. It is loaded and changed by single transactions. What could cut the operator off
# is armed before: a timer on the host puts back what was there, unless a new connection says that it gets through.
# Stands before program.sh, whose functions it uses.
#
# Beside the record, in $state:
#   firewall.picture  checksums of the JSON that was loaded and of the table as the kernel showed it then, and how many
#                     lines of that went and came since; the bridges that it guards
#   firewall.held     what is closed until a program knows it, `BRIDGE ADDRESS|-` a line
#   firewall.armed    nonce, deadline, and whether there was a record (`kept` or `none`); then what was held
#   firewall.before   that record
#   firewall.hits     what the rules have counted, see there

firewall_told=
table_changed=
table_pending=
table_text=
timed=
# What nft showed last, in lines. Without it a table is listed before it is changed.
pictured=/run/sdn.listing

# ---- what is there ----------------------------------------------------------------------------------------------

# For a list of tables nft 1.0.6 fetches all that is in them.
table_exists() { nft list set inet "$1" held_bridges >/dev/null 2>&1; }
only_sum() { sha256sum | cut -d ' ' -f 1; }
recorded_json() { sed -n 's/^firewall_table //p' "$1" | tr -d '\n'; } # RECORD

# Listing a large table takes long: it is done once, until something changes it. Times are shown in the host's zone.
know_table() { [ -n "$table_text" ] || table_text=$(TZ=UTC nft list table inet sdn_fw 2>/dev/null); }

# A line for each rule and element, with its place; without counters and what runs fill by themselves.
table_lines() {
  printf '%s\n' "$table_text" | awk '
    /^\t(chain|set|map) / { place = $1 " " $2; skip = $1 != "chain" && $2 ~ /^(held|dyn_)/; rule = elements = 0 }
    skip { next }
    { gsub(/counter packets [0-9]+ bytes [0-9]+/, "counter") }
    place ~ /^chain/ { print place, ++rule, $0; next }
    / elements = \{|\telements = \{/ { elements = 1; sub(/.*elements = \{ /, "") }
    !elements || /^\t}/ { print place, $0; next }
    {
      count = split($0, element, ",")
      for (i = 1; i <= count; i++) {
        gsub(/^[ \t]+|[ \t]*}?$/, "", element[i])
        if (element[i] != "") print place, element[i]
      }
    }' | sort
}
table_sum() { # for the picture of the host
  know_table
  table_lines | only_sum
}

look_at_table() { # SUM-OF-JSON: sets table_is to missing, changed, or same where it is what that JSON made
  table_is=missing
  know_table
  [ -n "$table_text" ] || return 0
  table_is=changed
  [ -e "$state/firewall.picture" ] || return 0
  read -r picture_json picture_table picture_gone picture_come <"$state/firewall.picture" || return 0
  [ "$picture_json" = "$1" ] || return 0
  lines=$(table_lines)
  if [ -z "$picture_come" ]; then
    if [ "$picture_table" = "$(printf '%s\n' "$lines" | only_sum)" ]; then table_is=same; fi
  elif [ "$(only_sum 2>/dev/null <"$pictured")" = "$picture_table" ] &&
    [ "$(lines_since "$lines")" = "$picture_gone $picture_come" ]; then
    # Changed as was said, and nothing else.
    table_is=same
    [ -z "$locked$looking" ] || take_picture "$1"
  fi
  # Nobody trusts it any more before it was loaded anew.
  [ "$table_is" = same ] || rm -f "$pictured"
}
lines_since() { # LINES: how many went and came
  printf '%s\n' "$1" | comm -3 "$pictured" - | awk '/^\t/ { come++; next } { gone++ } END { print gone + 0, come + 0 }'
}
# Whether the table was looked at after the last load or change of it, when that JSON had made it.
is_pictured() { # SUM-OF-JSON
  [ -s "$pictured" ] && read -r picture_json picture_table picture_gone picture_come <"$state/firewall.picture" &&
    [ "$picture_json $picture_come" = "$1 " ]
} 2>/dev/null

take_picture() { # SUM-OF-JSON. Without one the table counts as changed, and is loaded anew the next time.
  know_table
  lines=$(table_lines)
  if ! { printf '%s\n' "$lines" >"$pictured.new" && mv "$pictured.new" "$pictured"; }; then
    rm -f "$pictured.new" "$pictured"
  fi
  write_picture "$1 $(printf '%s\n' "$lines" | only_sum)" \
    "$(printf '%s\n' "$lines" | sed -n 's/^set guarded "\([^"]*\)".*/\1/p')"
} 2>/dev/null
write_picture() { # LINE GUARDED
  { printf '%s\n' "$1" ${2:+"$2"} >"$state/.firewall.picture.new" &&
    mv "$state/.firewall.picture.new" "$state/firewall.picture"; } 2>/dev/null && return 0
  rm -f "$state/.firewall.picture.new" "$state/firewall.picture"
}

# ---- loading ----------------------------------------------------------------------------------------------------

# transact MORE OPTION…: a transaction in JSON(base64) on standard input; sets nft_answer. What is more may be more than
# an argument can hold.
transact() {
  more_commands=$1 table_text=
  shift
  nft_answer=$({
    base64 -d 2>/dev/null | sed "\$s|]}[[:space:]]*\$|,$nft_question|"
    printf '%s]}\n' "$more_commands"
  } | nft "$@" -j -f /proc/self/fd/0 2>&1)
  has_answered $?
}
load_table() { # the same, of a whole table
  save_hits look
  transact "$(held_now | held_commands)$("$@" | whole_elements sdn_fw)" && { save_hits whole || :; }
}
delete_table_of() { # TABLE
  table_text=
  ! table_exists "$1" || nft_answer=$(nft delete table inet "$1" 2>&1)
}

# Makes the table what a record says, or takes it away where there is no record. What cannot be known is closed.
reload_table() { # RECORD
  if [ ! -e "$1" ]; then
    give_settings_back
    set_dynamics -
    delete_table_of sdn_fw && rm -f "$state/firewall.picture" "$pictured" "$state/firewall.hits" || return 1
  elif [ "$(sed 5d "$1" | sha256sum)" = "$(sed -n 5p "$1")  -" ]; then
    reload_sum=$(recorded_json "$1" | only_sum)
    look_at_table "$reload_sum"
    if grep -qx firewall_settings "$1"; then op_firewall_settings >/dev/null 2>&1; fi
    reload_dynamics=$(recorded_dynamics "$1")
    set_dynamics "$reload_dynamics"
    if [ "$table_is" = same ]; then
      fill_once
    else
      # Not at the end of a pipe: what it sets is read here. What cannot be filled in must not keep it from coming back.
      load_table decode "$reload_dynamics" <<JSON || load_table true <<JSON || return 1
$(recorded_json "$1")
JSON
$(recorded_json "$1")
JSON
      take_picture "$reload_sum"
    fi
  else
    set_dynamics -
    close_guarded || return 1
  fi
  delete_table_of sdn_fw_next
}

# Where the record is damaged: the bridges that were guarded last, else all of ours.
close_guarded() {
  closed=$(sed 1d "$state/firewall.picture" 2>/dev/null)
  if [ -z "$closed" ]; then
    set +f
    closed=$(for one in "$state"/resources/segment-*; do echo "sdn-b-${one##*/segment-}"; done)
    set -f
  fi
  closed=$(printf '%s\n' "$closed" | sed -n 's/^[A-Za-z0-9_.-]*$/"&"/p' | tr '\n' ',')
  op_firewall_settings >/dev/null 2>&1
  table_text=
  nft_answer=$(nft -f /proc/self/fd/0 2>&1 <<CLOSED
add table inet sdn_fw
delete table inet sdn_fw
table inet sdn_fw {
  set closed { type ifname; ${closed:+elements = { ${closed%,} }}; }
  set held_bridges { type ifname; }
  set held4 { type ifname . ipv4_addr; }
  set held6 { type ifname . ipv6_addr; }
  chain input { type filter hook input priority -5; iifname @closed counter drop; }
  chain forward { type filter hook forward priority -5; iifname @closed counter drop; oifname @closed counter drop; }
  chain output { type filter hook output priority -5; oifname @closed counter drop; }
}
CLOSED
  )
}
damage_of() { # RESOURCE: sets damage to what is said of its record
  damage='the saved record is damaged (wrong checksum)'
  [ "$1" = firewall ] || return 0
  table_exists sdn_fw || close_guarded
  if nft list set inet sdn_fw closed >/dev/null 2>&1; then
    damage="$damage, and nothing passes the bridges that it guarded"
  fi
}

# Bridged packets are shown to the table, and a flow that conntrack forgot does not begin in its middle.
op_firewall_settings() {
  [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || try modprobe br_netfilter || return 1
  [ -e /proc/sys/net/netfilter/nf_conntrack_tcp_loose ] || try modprobe nf_conntrack || return 1
  op_sysctl - net.bridge.bridge-nf-call-iptables 1 net.bridge.bridge-nf-call-ip6tables 1 \
    net.netfilter.nf_conntrack_tcp_loose 0
}
op_firewall_own_settings() { give_settings_back; }
give_settings_back() { # to what they were, as long as there is no policy
  for one in net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables net.netfilter.nf_conntrack_tcp_loose; do
    [ -e "$state/sysctl/$one" ] || continue
    # Services need the bridge's, too.
    case $one in net.bridge.*) ! grep -rqs '^bridged_packets ' "$state/resources" || continue ;; esac
    undo firewall-settings
    try sysctl -qw "$one=$(cat "$state/sysctl/$one")" || return 1
    rm -f "$state/sysctl/$one"
  done
}

op_firewall_check() { # NAME JSON(base64): whether nft would take it; NAME is the asker's
  if transact '' -c <<JSON; then say "firewall-checked $1 ok"; else say "firewall-checked $1 refused $(encode "$nft_answer")"; fi
$2
JSON
}

# A second table; while there are two, only what both allow passes.
op_firewall_next() { # JSON(base64) [WHAT-IS-FILLED-IN(base64)]
  table_exists sdn_fw_next || undo firewall-next
  transact "$(decode "${2:--}" | whole_elements sdn_fw_next)" <<JSON || fail remote-failure "nft refuses the firewall: $nft_answer"
$1
JSON
}

# From the recorded table to the one that follows, in one transaction. Where it is elements alone and the table was looked
# at since it was changed last, it is not listed: how many go and come tells the next look whether that was all.
op_firewall_change() { # JSON(base64) [GONE COME]
  table_changed='' table_pending=''
  [ -e "$state/resources/firewall" ] || return 0
  base_sum=$patch_base
  [ -n "$base_sum" ] || base_sum=$(recorded_json "$state/resources/firewall" | only_sum)
  if [ $# = 3 ] && is_pictured "$base_sum"; then
    table_pending="$picture_table $2 $3"
  else
    look_at_table "$base_sum"
    [ "$table_is" = same ] || return 0
    save_hits look
  fi
  undo firewall-table
  # A change empties the sets of what is held: what is still unknown is put back in the same transaction.
  transact "$(held_now | held_commands)$(dynamics_now | whole_elements sdn_fw)" <<JSON || { table_pending='' && warn "nft refuses the change of the firewall, so its table is loaded anew: $nft_answer"; return 0; }
$1
JSON
  [ -n "$table_pending" ] || save_hits change
  table_changed=yes
}

op_firewall_table() { # JSON(base64)|=: the whole table, in one transaction; "=" is what came of firewall_patch
  if [ "$1" = = ]; then wanted_sum=$patch_sum; else wanted_sum=$(printf '%s' "$1" | only_sum); fi
  [ -n "$table_changed" ] || look_at_table "$wanted_sum"
  if [ -z "$table_changed" ] && [ "$table_is" != same ]; then
    undo firewall-table
    load_word "$1" || { fail remote-failure "nft refuses the firewall: $nft_answer"; return 1; }
    table_changed=yes
  elif [ -z "$table_changed" ]; then
    fill_once
  fi
  if [ -n "$table_pending" ]; then
    write_picture "$wanted_sum $table_pending" "$(sed 1d "$state/firewall.picture")"
  elif [ -n "$table_changed" ]; then
    take_picture "$wanted_sum"
  fi
  table_changed='' table_pending=''
  delete_table_of sdn_fw_next || fail remote-failure "table inet sdn_fw_next stays: $nft_answer"
}
load_word() { # JSON(base64)|=
  if [ "$1" = = ]; then load_table dynamics_now <"$found.word"; return; fi
  load_table dynamics_now <<JSON
$1
JSON
}

op_remove_firewall() {
  undo firewall-table
  for one in sdn_fw sdn_fw_next; do
    delete_table_of "$one" || { fail remote-failure "table inet $one stays: $nft_answer"; return 1; }
  done
  give_settings_back || return 1
  undo firewall-held "$(encode "$(held_now)")"
  rm -f "$state/firewall.picture" "$pictured" "$state/firewall.held" "$state/firewall.hits"
  set_dynamics -
}
forget_firewall() { # with the last resource
  table_text=
  for one in sdn_fw sdn_fw_next; do nft delete table inet "$one" 2>/dev/null; done
  rm -f "$state/firewall.picture" "$pictured" "$state/firewall.held" "$state/firewall.before" "$state/firewall.hits"
  set_dynamics -
}

# ---- what is closed until a program knows it --------------------------------------------------------------------

held_now() { cat "$state/firewall.held" 2>/dev/null; }
held_commands() { # lines of firewall.held on standard input → more commands of a transaction
  while read -r held_bridge held_address; do
    case $held_address in
      '') continue ;;
      -) held_set=held_bridges held_element=\"$held_bridge\" ;;
      *:*) held_set=held6 held_element="{\"concat\":[\"$held_bridge\",\"$held_address\"]}" ;;
      *) held_set=held4 held_element="{\"concat\":[\"$held_bridge\",\"$held_address\"]}" ;;
    esac
    printf ',{"add":{"element":{"family":"inet","table":"sdn_fw","name":"%s","elem":[%s]}}}' "$held_set" "$held_element"
  done
}
show_held() { # TEXT: the sets are as it says
  {
    held_separator='{"nftables":['
    for one in held_bridges held4 held6; do
      printf '%s{"flush":{"set":{"family":"inet","table":"sdn_fw","name":"%s"}}}' "$held_separator" "$one"
      held_separator=,
    done
    printf '%s\n' "$1" | held_commands
    printf ']}\n'
  } | nft -j -f /proc/self/fd/0 2>&1
}
write_held() { # TEXT
  if [ -z "$1" ]; then
    rm -f "$state/firewall.held"
    return
  fi
  { printf '%s\n' "$1" >"$state/.firewall.held.new" && mv "$state/.firewall.held.new" "$state/firewall.held"; } \
    2>/dev/null && return 0
  rm -f "$state/.firewall.held.new"
  return 1
}
held_lines() { # BRIDGE [ADDRESS,…]
  printf '%s\n' "${2:--}" | tr ',' '\n' | sed "s/^/$1 /"
}

# What is new or changed passes nothing before the firewall knows it. Written first: a table that is loaded in between
# has it as well.
op_firewall_hold() { # BRIDGE [ADDRESS,…]
  [ -z "$mode" ] && [ -e "$state/resources/firewall" ] || return 0
  [ "$generation" = 0 ] || [ "$present_hash" != "$hash" ] || return 0
  held_before=$(held_now)
  undo firewall-held "$(encode "$held_before")"
  held_after=$({ [ -z "$held_before" ] || printf '%s\n' "$held_before"; held_lines "$@"; } | sort -u)
  write_held "$held_after" || { fail remote-failure "$state/firewall.held cannot be written (disk full?)"; return 1; }
  table_exists sdn_fw || reload_table "$state/resources/firewall"
  held_answer=$(show_held "$held_after") || fail remote-failure "the firewall cannot be told to wait for this: $held_answer"
}
op_firewall_settle() { # BRIDGE [ADDRESS,…]: the table that is loaded now knows it
  held_before=$(held_now)
  [ -n "$held_before" ] || return 0
  held_after=$({ held_lines "$@"; echo; printf '%s\n' "$held_before"; } |
    awk '$0 == "" { known = 1; next } !known { settled[$0] = 1; next } !($0 in settled)')
  [ "$held_after" != "$held_before" ] || return 0
  undo firewall-held "$(encode "$held_before")"
  held_answer=$(show_held "$held_after") || { fail remote-failure "nft: $held_answer"; return 1; }
  write_held "$held_after" || fail remote-failure "$state/firewall.held cannot be written (disk full?)"
}
hold_again() { # TEXT(base64)|nothing
  held_text=$(printf '%s' "${1:-}" | base64 -d)
  write_held "$held_text"
  show_held "$held_text"
}

# ---- what the rules have counted --------------------------------------------------------------------------------
# A line for each comment of what counts (`POLICY/RULE`, `POLICY/RULE watch`, `held`, …):
#   PACKETS BYTES  when it was looked at last, over all elements and rules with that comment
#   PACKETS BYTES  in all, over loads of the table and starts of the host
#   FIRST LAST|-   seconds since 1970: of the first look, and of the last one that found more
#   COMMENT
# Who looks: the timer that mends, who asks, and every load of the table, just before and after it.

count_hits() { # look|change|whole: the lines of now; after a change or a load of the whole table, of what is left
  hits_mode=$1
  # A change that nobody looked after.
  if [ "$1" = look ] && read -r _ _ _ picture_come 2>/dev/null <"$state/firewall.picture" && [ -n "$picture_come" ]; then
    hits_mode=change
  fi
  know_table
  printf '%s\n' "$table_text" | awk -v mode="$hits_mode" -v now="$(date +%s)" -v saved="$state/firewall.hits" '
    BEGIN {
      while ((getline line <saved) > 0) {
        if (line !~ /^[0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ ([0-9]+|-) [^ ]/) continue
        name = line
        for (i = 1; i <= 6; i++) sub(/^[^ ]+ /, "", name)
        known[name] = line
      }
    }
    {
      parts = split($0, part, "counter packets ")
      for (i = 2; i <= parts; i++) {
        if (!match(part[i], /comment "[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+( watch)?)?"/)) continue
        name = substr(part[i], RSTART + 9, RLENGTH - 10)
        split(part[i], word, " ")
        packets[name] += word[1]; bytes[name] += word[3]
      }
    }
    END {
      for (name in packets) {
        if (!(name in known)) known[name] = "0 0 0 0 " now " -"
        split(known[name], was, " ")
        # Less than before: with a change elements went, else everything counts anew.
        from = mode == "whole" || packets[name] < was[1] ? (mode == "change" ? packets[name] : 0) : was[1]
        from_bytes = from == was[1] ? was[2] : from ? bytes[name] : 0
        if (packets[name] > from) was[6] = now
        printf "%.0f %.0f %.0f %.0f %s %s %s\n", packets[name], bytes[name], was[3] + packets[name] - from,
          was[4] + bytes[name] - from_bytes, was[5], was[6], name
      }
      if (mode == "look") for (name in known) if (!(name in packets)) print known[name]
    }' | sort -k 7
}
save_hits() { # look|change|whole
  hits_now=$(count_hits "$1")
  [ "$hits_now" != "$(cat "$state/firewall.hits" 2>/dev/null)" ] || return 0
  if [ -z "$hits_now" ]; then rm -f "$state/firewall.hits"; return; fi
  { printf '%s\n' "$hits_now" >"$state/.firewall.hits.new" && mv "$state/.firewall.hits.new" "$state/firewall.hits"; } \
    2>/dev/null && return 0
  rm -f "$state/.firewall.hits.new"
  return 1
}

# ---- armed: a change that has to be proved ----------------------------------------------------------------------

# Of a file that was spoiled the deadline is over.
read_armed() { # sets armed_nonce, armed_until and armed_kept
  armed_nonce='' armed_until=0 armed_kept=''
  [ -e "$state/firewall.armed" ] || return 1
  read -r armed_nonce armed_until armed_kept <"$state/firewall.armed"
  case $armed_until in '' | *[!0-9]*) armed_until=0 ;; esac
  case $armed_kept in kept | none) ;; *) armed_kept=kept ;; esac
}

op_firewall_arm() { # NONCE SECONDS: with the same nonce again, the deadline is a later one
  case $2 in '' | *[!0-9]*) fail remote-failure "$2 is no number of seconds"; return 1 ;; esac
  command -v setsid >/dev/null 2>&1 || { fail remote-failure 'the command setsid is missing'; return 1; }
  if read_armed && [ "$armed_nonce" != "$1" ]; then
    fail conflict "another change of the firewall waits for its proof until $(date -u -d "@$armed_until" +%H:%M:%SZ)"
    return 1
  fi
  # What a program settles is held again when that program goes.
  armed_held=$(sed 1d "$state/firewall.armed" 2>/dev/null)
  if [ -z "$armed_nonce" ]; then
    armed_held=$(held_now)
    undo firewall-disarm
    keep_before || { fail remote-failure "$state/firewall.before cannot be written (disk full?)"; return 1; }
  fi
  armed_until=$(($(date +%s) + $2))
  write_armed "$1 $armed_until $armed_kept${armed_held:+$newline$armed_held}" || {
    fail remote-failure "$state/firewall.armed cannot be written (disk full?)"
    return 1
  }
  # A process of its own: it outlives this run and the session, and holds neither the lock nor an end of a pipe.
  run_myself firewall-timer "$scope" "$1" "$armed_until" "$2" \
    </dev/null >/dev/null 2>&1 3<&- 4<&- 9<&- &
}
keep_before() {
  armed_kept=none
  rm -f "$state/firewall.before"
  [ -e "$state/resources/firewall" ] || return 0
  armed_kept=kept
  # A record is never written in its place: another name for it is a copy.
  { { ln "$state/resources/firewall" "$state/.firewall.before.new" ||
    cp "$state/resources/firewall" "$state/.firewall.before.new"; } &&
    mv "$state/.firewall.before.new" "$state/firewall.before"; } 2>/dev/null && return 0
  rm -f "$state/.firewall.before.new"
  return 1
}
write_armed() { # TEXT. On the disk before anything is changed: the power may fail.
  { printf '%s\n' "$1" >"$state/.firewall.armed.new" && mv "$state/.firewall.armed.new" "$state/firewall.armed"; } \
    2>/dev/null || { rm -f "$state/.firewall.armed.new"; return 1; }
  set +f
  sync "$state"/firewall.* "$state" 2>/dev/null
  set -f
}
disarm() {
  rm -f "$state/firewall.armed" "$state/firewall.before"
  sync "$state" 2>/dev/null
}

run_timer() { # SCOPE NONCE DEADLINE SECONDS
  perform scope "$1"
  cd /
  timed="$2 $3"
  seconds_left=$4
  while [ "$seconds_left" -gt 0 ]; do
    sleep 1
    # Disarmed, rolled back, or armed again with a timer of its own.
    read_armed && [ "$armed_nonce $armed_until" = "$timed" ] || return 0
    seconds_left=$((seconds_left - 1))
  done
  # A host that is a namespace may be gone.
  [ "$scope" = - ] || [ -e "/run/netns/$scope" ] || return 0
  lock_wait=3600
  prepare
}

roll_back_overdue() { # at the beginning of every run, under the lock
  read_armed || { rm -f "$state/firewall.before"; return 0; }
  [ "$timed" = "$armed_nonce $armed_until" ] || [ "$(date +%s)" -ge "$armed_until" ] || return 0
  roll_back 'no new connection proved the change in time'
}
roll_back_unproved() { # at a start of the host
  ! read_armed || roll_back 'the host was started before the change was proved'
}

# To what was there before. Begun again, it ends the same; the record goes last, and then what says that it has to.
roll_back() { # REASON|-
  back=$state/firewall.before
  [ -e "$back" ] || back=$state/resources/firewall
  [ "$armed_kept" = kept ] || back=$state/firewall.none
  held_before=$({ sed 1d "$state/firewall.armed"; held_now; } | sort -u)
  write_held "$held_before"
  if ! reload_table "$back"; then
    note failed firewall "the firewall of before could not be put back: $nft_answer"
    return 1
  fi
  [ -z "$held_before" ] || show_held "$held_before" >/dev/null
  written=
  case $back in
    # Where the record was not changed yet, the two are names of one file, which mv refuses.
    */firewall.before)
      [ "$(only_sum <"$back")" = "$(only_sum 2>/dev/null <"$state/resources/firewall")" ] ||
        mv "$back" "$state/resources/firewall" || return 1 ;;
    */firewall.none) rm -f "$state/resources/firewall" ;;
  esac
  if [ "$1" != - ]; then
    rolled_back=$1
    if nft list set inet sdn_fw closed >/dev/null 2>&1; then
      rolled_back="$1; its record is damaged, so nothing passes the bridges that it guarded"
    fi
    note rolled-back firewall "$rolled_back"
  fi
  disarm
}

op_firewall_disarm() { # NONCE [ADDRESS]…: those must answer, else it is taken back
  [ -n "$locked" ] || prepare_again
  if ! read_armed || [ "$armed_nonce" != "$1" ]; then
    say "firewall-disarmed $1 no"
    return 0
  fi
  if [ $# -gt 1 ]; then
    disarm_nonce=$1
    shift
    reached=$(reach "$@")
    [ -z "$reached" ] || printf '%s\n' "$reached" | sed 's/^/reach - /'
    if [ "$(printf '%s\n' "$reached" | grep -c .)" != $# ]; then
      roll_back -
      say "firewall-disarmed $disarm_nonce no"
      return 0
    fi
    set -- "$disarm_nonce"
  fi
  disarm
  say "firewall-disarmed $1 yes"
  # What was armed may have been the removal of the last resource.
  perform restore
}
op_firewall_rollback() { # NONCE
  [ -n "$locked" ] || prepare_again
  if read_armed && [ "$armed_nonce" = "$1" ] && roll_back -; then
    say "firewall-rolled-back $1 yes"
  else
    say "firewall-rolled-back $1 no"
  fi
}
# What answers before a change must answer after it. All are asked at once.
reach() { # ADDRESS…: those that answer
  command -v ping >/dev/null 2>&1 || return 0
  {
    for one in "$@"; do
      # Twice, as the first packet may wait for its neighbour's address.
      { ping -n -q -c 1 -W 1 "$one" || ping -n -q -c 1 -W 1 "$one"; } >/dev/null 2>&1 && say "$one" &
    done
    wait
  } | sort
}
op_query_reach() { # [ADDRESS]…: who of them answers; where none is named, of the gateways and the underlay's other hosts
  if [ $# -gt 0 ]; then
    reach "$@" | sed 's/^/reach - /'
    return
  fi
  reach_gateways=$({ ip -4 route show default && ip -6 route show default; } 2>/dev/null |
    sed -n 's/.* via \([0-9.]*\) .*/\1/p; s/.* via \([0-9a-f:]*:[0-9a-f:]*\) .*/\1/p' | grep -v '^fe80:' | sort -u)
  reach_peers=$(bridge fdb show 2>/dev/null | sed -n 's/^00:00:00:00:00:00 .* dst \([^ ]*\).*/\1/p' | sort -u | head -n "$reached_peers")
  # shellcheck disable=SC2086 # addresses
  reach $reach_gateways $reach_peers | while read -r one; do
    case "$newline$reach_gateways$newline" in
      *"$newline$one$newline"*) say "reach gateway $one" ;;
      *) say "reach underlay $one" ;;
    esac
  done
}
reached_peers=8
prepare_again() { set +f; prepare; set -f; }

# ---- the report -------------------------------------------------------------------------------------------------

say_firewall_record() { # INTENT: its document is megabytes, which only some want
  case $record_state in
    none) ;;
    damaged) say 'damaged firewall' ;;
    *) say "ledger firewall $record_generation $record_hash $record_mark $1 $record_state" ;;
  esac
}
say_held() { held_now | sed 's/^/firewall-held /'; }
op_query_firewall() { # [HASH]: of the document that the asker has
  look_alone
  check_record firewall
  firewall_file=$state/resources/firewall
  if [ "$record_state" = whole ]; then
    if [ "$record_hash" = "${1:-}" ]; then say_firewall_record -; else say_firewall_record "$(sed -n 4p "$firewall_file")"; fi
    look_at_table "$(recorded_json "$firewall_file" | only_sum)"
  else
    say_firewall_record -
    look_at_table -
    if [ "$record_state$table_is" = nonemissing ]; then table_is=none; fi
  fi
  [ -z "$looking$locked" ] || [ ! -e "$firewall_file" ] || save_hits look
  firewall_told=yes
  say "firewall-table $table_is"
  say "firewall-follow $(follow_state)"
  can_supervise || look_once
  if table_exists sdn_fw_next; then say firewall-next; fi
  if read_armed; then say "firewall-armed $armed_nonce $armed_until"; fi
  say_held
  # shellcheck disable=SC2086 # four words by sshd's definition
  set -- ${SDN_SSH_CONNECTION:-}
  [ $# != 4 ] || say "firewall-session $*"
  op_query_flows
  end_looking
}
# Who only looks may keep what it saw, but not beside another run, which looks by itself.
looking=
look_alone() {
  [ -z "$locked" ] && [ -d "$state" ] && command -v flock >/dev/null 2>&1 || return 0
  find_lock
  [ -r "$lock" ] || return 0
  exec 9<"$lock"
  if flock -n 9; then looking=yes; else exec 9<&-; fi
}
end_looking() {
  [ -z "$looking" ] || exec 9<&-
  looking=
}
op_query_flows() { section flows - zoned_flows; } # on bridges
all_flows() {
  if [ -r /proc/net/nf_conntrack ]; then
    cat /proc/net/nf_conntrack
  elif command -v conntrack >/dev/null 2>&1; then
    conntrack -L -f ipv4 -o extended
    conntrack -L -f ipv6 -o extended
  fi
}
zoned_flows() { all_flows | grep ' zone\(-orig\)\{0,1\}='; }
own_flows() { all_flows | grep -v ' zone\(-orig\)\{0,1\}='; }
op_query_own_flows() { section own-flows - own_flows; } # those of the host itself, and what it passes on
op_query_firewall_hits() { # with the document, which says what rules there are
  if [ -z "$firewall_told" ]; then
    check_record firewall
    if [ "$record_state" = whole ]; then say_firewall_record "$(sed -n 4p "$state/resources/firewall")"; else say_firewall_record -; fi
    firewall_told=yes
  fi
  section firewall-hits - hits_told
}
hits_told() {
  [ -e "$state/resources/firewall" ] || return 0
  look_alone
  if [ -n "$locked$looking" ] && save_hits look; then cat "$state/firewall.hits"; else count_hits look; fi
  end_looking
}
op_query_firewall_table() { section firewall-table - nft -j list table inet sdn_fw; }

op_query_foreign() { # what others filter, without anything of it loaded by asking
  section foreign - foreign_tables
  for family in ip ip6; do
    if grep -q . "/proc/net/${family}_tables_names" 2>/dev/null && command -v "${family}tables-legacy-save" >/dev/null 2>&1; then
      section foreign-legacy "$family" "${family}tables-legacy-save"
    fi
  done
}
foreign_tables() {
  nft list tables | while read -r _ family name; do
    case $name in sdn*) continue ;; esac
    nft -s -y list table "$family" "$name"
  done
}

firewall_picture() { # for the picture of the host, see there
  [ -e "$state/resources/firewall" ] || return 0
  for knob in /proc/sys/net/bridge/bridge-nf-call-ip*tables /proc/sys/net/netfilter/nf_conntrack_tcp_loose; do
    [ -e "$knob" ] && read -r value <"$knob" && echo "=setting ${knob#/proc/sys/} $value"
  done
  if table_exists sdn_fw; then echo "=table sdn_fw $(table_sum)"; fi
  if table_exists sdn_fw_next; then echo '=table sdn_fw_next'; fi
  one=$(follow_state)
  [ "$one" = none ] || echo "=setting sdn-follow.service $one"
}
