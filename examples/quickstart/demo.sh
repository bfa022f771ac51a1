#!/bin/bash
# `make demo`: the quickstart from nothing to pings, in a lab on this machine. Can be run again; see destroy.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

title "1. Three machines: systemd, sshd and dockerd of their own"
inventory=/run/sdn-lab/$lab_name/inventory.json
[[ -e $inventory ]] || show "$root/lab/lab" up --name "$lab_name" --hosts 3
jq -r '.hosts[] | "\(.name)  \(.address)  \(.hostKey[0:40])…"' "$inventory"

title "2. The program is told where they are and which keys they must answer with"
pulumi --cwd "$here" stack select --create "$stack_name" >/dev/null
stack config set privateKeyPath "$(jq -r '.hosts[0].privateKeyPath' "$inventory")"
while read -r name address key; do
  stack config set "${name}Address" "$address"
  stack config set "${name}HostKey" "$key"
done < <(jq -r '.hosts[] | "\(.name) \(.address) \(.hostKey)"' "$inventory")
echo "config: h1Address … h3HostKey, privateKeyPath"

title "3. The plan: hosts are looked at, nothing is changed"
show_stack preview

title "4. The change"
show_stack up --yes --skip-preview

title "5. Containers join by name, as @pulumi/docker would have them do"
while read -r name host network ipv4 ipv6; do
  on "$host" docker rm -f "$name" >/dev/null 2>&1 || true
  printf '\033[2m%s$ docker run -d --name %s --network %s --ip %s --ip6 %s …\033[0m\n' "$host" "$name" "$network" "$ipv4" "$ipv6"
  on "$host" docker run -d --name "$name" --network "$network" --ip "$ipv4" --ip6 "$ipv6" sdn-lab/box sleep 1000000 >/dev/null
done < <(containers)

# Two servers on the database's container: a policy lets the web servers in to one of them.
for port in 5432 8080; do on h3 docker exec -d db1 httpd -f -p "$port"; done

# What is behind the name `front`: each says who it is.
for web in web1:h1 web2:h2; do
  name=${web%:*}
  on "${web#*:}" docker exec "$name" sh -c "mkdir -p /www && echo $name >/www/index.html"
  on "${web#*:}" docker exec -d "$name" httpd -f -p 8080 -h /www
done

title "6. What was built, as the hosts show it"
"$here/picture.sh"

title "7. Real packets"
reach() { # FROM HOST TO WHAT OPTION…
  local from=$1 host=$2 to=$3 what=$4 pid tool=ping answer
  shift 4
  pid=$(on "$host" docker inspect --format '{{.State.Pid}}' "$from")
  # The first packet of a new container may meet a bridge port or an address that is not ready.
  for _ in 1 2 3 4 5; do
    if answer=$(on "$host" nsenter -t "$pid" -n "$tool" -c1 -W2 "$@" "$to" 2>&1); then
      printf '  \033[32mreached\033[0m  %-4s → %-24s %-50s %s\n' "$from" "$to" "$what" "$(grep -o 'time=.*' <<<"$answer" | head -1)"
      return 0
    fi
  done
  printf '  \033[31mFAILED\033[0m   %-4s → %-24s %s\n' "$from" "$to" "$what"
  return 1
}
address() { containers | awk -v name="$1" -v field="$2" '$1 == name { print $field }'; }
mtu=$(stack stack output mtu)
reach web1 h1 "$(address web2 4)" "same subnet, another host"
reach web1 h1 "$(address web2 5)" "the same by IPv6"
reach web1 h1 "$(address db1 4)" "another subnet, another host: routed"
reach web1 h1 "$(address db1 5)" "the same by IPv6"
reach web1 h1 "$(address web2 4)" "a full packet of $mtu bytes, not to be divided" -M "do" -s $((mtu - 28))
reach web1 h1 "$(jq -r .outside4 "$inventory")" "outside, translated by the host"
if reach web1 h1 "$(jq -r '.hosts[0].address' "$inventory")" "" >/dev/null 2>&1; then
  echo "  FAILED: web1 reaches its own host"
  exit 1
fi
printf '  \033[32mrefused\033[0m  web1 → %-24s %s\n' "$(jq -r '.hosts[0].address' "$inventory")" "its own host"

title "8. The firewall: what the policy of the subnet db lets in"
connects() { # FROM HOST TO PORT
  local pid
  pid=$(on "$2" docker inspect --format '{{.State.Pid}}' "$1")
  on "$2" nsenter -t "$pid" -n timeout 2 bash -c "</dev/tcp/$3/$4" 2>/dev/null
}
allowed() { # FROM HOST TO PORT WHAT
  for _ in 1 2 3 4 5; do
    if connects "$1" "$2" "$3" "$4"; then
      printf '  \033[32mallowed\033[0m  %-4s → %-24s %s\n' "$1" "$3 tcp/$4" "$5"
      return 0
    fi
  done
  printf '  \033[31mFAILED\033[0m   %-4s → %-24s %s\n' "$1" "$3 tcp/$4" "$5"
  return 1
}
denied() { # FROM HOST TO PORT WHAT
  if connects "$1" "$2" "$3" "$4"; then
    printf '  \033[31mFAILED\033[0m   %-4s → %-24s is let in\n' "$1" "$3 tcp/$4"
    return 1
  fi
  printf '  \033[32mdenied\033[0m   %-4s → %-24s %s\n' "$1" "$3 tcp/$4" "$5"
}
allowed web1 h1 "$(address db1 4)" 5432 "rule database/postgres"
allowed web2 h2 "$(address db1 4)" 5432 "the same, from another host"
denied web1 h1 "$(address db1 4)" 8080 "database/default: something listens there, nobody gets to it"
allowed db1 h3 "$(address db1 4)" 8080 "to itself: no packet leaves the container"

title "9. A name: the containers' own resolver finds it, and connections are shared out over the hosts"
front=$(stack stack output front --json | jq -r .name)
vip=$(stack stack output front --json | jq -r .address)
for from in db1:h3 web1:h1; do
  found=$(on "${from#*:}" docker exec "${from%:*}" nslookup "$front" 2>&1 || true)
  if [[ $found != *"$vip"* ]]; then
    printf '  \033[31mFAILED\033[0m   %-4s does not find %s:\n%s\n' "${from%:*}" "$front" "$found"
    exit 1
  fi
  printf '  \033[32mfound\033[0m    %-4s: %s is %s\n' "${from%:*}" "$front" "$vip"
done
pid=$(on h3 docker inspect --format '{{.State.Pid}}' db1)
get="exec 3<>/dev/tcp/$vip/80 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && tail -n 1 <&3"
shares=$(for _ in 1 2 3 4 5 6; do on h3 nsenter -t "$pid" -n timeout 3 bash -c "$get" || echo nobody; done | sort | uniq -c | awk '{ print $2 " " $1 }' | paste -sd, | sed 's/,/, /')
if [[ $shares != "web1 3, web2 3" ]]; then
  printf '  \033[31mFAILED\033[0m   db1  → %-24s %s\n' "$vip tcp/80" "$shares"
  exit 1
fi
printf '  \033[32mbalanced\033[0m db1  → %-24s six connections: %s\n' "$vip tcp/80" "$shares"

title "10. Once more: nothing to do"
show_stack up --yes --skip-preview --expect-no-changes | tail -n 5 | grep -v '^$'

title "Look around"
cat <<END
  make lab-shell HOST=h1                    a root shell on h1: try  ip -br link;  docker network ls;  ip netns
  make demo                                 again: shows that nothing changes
  make demo-destroy                         pulumi destroy, then the lab is gone
END
