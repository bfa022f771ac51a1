#!/bin/sh
# The provider as the Pulumi engine starts it: finds a Node that is new enough and becomes it. Set SDN_NODE to choose.
here=$(dirname -- "$(readlink -f -- "$0")")

if [ -n "${SDN_NODE:-}" ]; then
  node=$SDN_NODE
elif [ -x "$here/../node_modules/node/bin/node" ]; then
  node=$here/../node_modules/node/bin/node
else
  node=node
  version=$(node --version 2>/dev/null) || version=none
  major=${version#v}
  case ${major%%.*} in
    none | [0-9] | 1[0-9] | 2[01])
      echo "pulumi-resource-sdn: needs Node 22 or newer on PATH, found $version" >&2
      exit 1
      ;;
  esac
fi

exec "$node" "$here/provider.js" "$@"
