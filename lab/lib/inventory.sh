# shellcheck shell=bash
# What tests and people need to reach the hosts: /run/sdn-lab/NAME/inventory.json, for root only.

inventory_path() { printf '%s/inventory.json' "$(lab_dir "$1")"; }

host_entry() {
  local name=$1 host=$2 slot
  slot=$(setting "$name" slot)
  jq -n --arg name "$host" \
    --arg address "$(host_address4 "$slot" "$host")" \
    --arg address6 "$(host_address6 "$slot" "$host")" \
    --arg key "$(lab_dir "$name")/id_ed25519" \
    --arg hostKey "$(cut -d' ' -f1,2 "$(host_dir "$name" "$host")/ssh_host_ed25519_key.pub")" \
    --arg netns "$(host_netns "$name" "$host")" \
    --argjson dockerd "$([[ $(setting "$name" dockerd) == yes ]] && echo true || echo false)" \
    '{name: $name, address: $address, address6: $address6, port: 22, user: "root", privateKeyPath: $key,
      hostKey: $hostKey, netns: $netns, dockerd: $dockerd}'
}

write_inventory() {
  local name=$1 host slot
  slot=$(setting "$name" slot)
  for host in $(lab_hosts "$name"); do
    host_entry "$name" "$host"
  done | jq -s --arg name "$name" --arg form "$(setting "$name" form)" \
    --arg outside4 "$OUTSIDE4" --arg outside6 "$OUTSIDE6" --arg netns "$(root_netns "$name")" \
    --arg underlay4 "$(underlay4 "$slot" 0)/26" --arg underlay6 "$(underlay6 "$slot" 0)/64" \
    --arg machine4 "$(underlay4 "$slot" "$MACHINE")" --arg machine6 "$(underlay6 "$slot" "$MACHINE")" \
    '{name: $name, form: $form, hosts: ., netns: $netns, underlay4: $underlay4, underlay6: $underlay6,
      machine4: $machine4, machine6: $machine6, outside4: $outside4, outside6: $outside6}' \
    >"$(inventory_path "$name").new"
  mv "$(inventory_path "$name").new" "$(inventory_path "$name")"
}
