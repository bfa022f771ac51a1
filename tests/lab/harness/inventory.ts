/** What there is on a host of the lab, to be compared before and after. */
import type { LabHost } from "./lab";

/** All of the host that could be ours, without what is drawn at random or counted. */
export const inventory = (host: LabHost): Promise<string> =>
  host.run(`
    describe() {
      ip "$@" -o -d link | sed -E 's/^[0-9]+: //; s/@if[0-9]+//; s/(qdisc|group|qlen|link-netns|link-netnsid|promiscuity|state|mode) [^ ]+//g; s/link\\/ether [^ ]+ brd [^ ]+//; s/\\\\.*(vxlan id [0-9]+ local [^ ]+).*/ \\1/; s/\\\\.*//' | grep -E '^(sdn-|g[0-9]|a[0-9]|uplink|lo)' | sort
      ip "$@" -o addr | sed -E 's/^[0-9]+: //; s/valid_lft.*//' | grep -E '^(sdn-|g[0-9]|a[0-9]|uplink)' | grep -v fe80 | sort
      ip "$@" -4 route | grep -E 'sdn-|uplink|blackhole| g[0-9]' | sed 's/ linkdown//' | sort
      ip "$@" neigh show nud permanent | sort
    }
    describe
    for name in $(ip netns list | sed 's/ .*//' | sort); do
      echo "== $name"; describe -n "$name"
      ip netns exec "$name" nft -s list ruleset
      ip netns exec "$name" sysctl net.ipv4.conf.all.rp_filter net.ipv4.ip_forward
    done
    bridge fdb show | grep -E 'sticky|^00:00:00:00:00:00' | sort
    nft -s list table inet sdn 2>/dev/null | tr -d ' \\t' | tr ',' '\\n' | sort
    nft -s list table bridge sdn 2>/dev/null | tr -d ' \\t' | tr ',' '\\n' | sort
    iptables -S DOCKER-USER | sort
    docker network ls --format '{{.Name}}' | sort
    ls /var/lib/sdn/resources 2>/dev/null || true
  `);
