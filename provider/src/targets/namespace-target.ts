import { connectionUri } from "../model/connection";
import { SdnError } from "../model/error";
import { ProcessTarget } from "./local-target";
import type { Target } from "./target";

/** Names that `ip netns add` takes and that `ip` cannot read as an option. */
const NAMESPACE_NAME = /^[A-Za-z0-9_.][A-Za-z0-9_.:@-]*$/;

/**
 * A named network namespace of the machine that runs Pulumi (`ip netns add NAME`). Rejects with `not-found` where
 * there is none of that name.
 */
export function openNamespaceTarget(name: string): Target {
  if (!NAMESPACE_NAME.test(name) || name === "." || name === "..") {
    throw new SdnError({
      code: "invalid-input",
      property: "connection.namespace.name",
      cause: "not a name of a network namespace",
      value: name,
      remedy: "use letters, digits, dot, underscore and hyphen, not beginning with a hyphen",
    });
  }
  const uri = connectionUri({ kind: "namespace", name });
  return new ProcessTarget(uri, {
    // Not `ip netns exec`: that gives the program a mount namespace of its own, and the named namespaces that it
    // makes would be gone when it ends.
    through: ["nsenter", `--net=/run/netns/${name}`],
    sshConnection: "",
    explain: (complaint) => missingNamespace(complaint, name, uri),
  });
}

function missingNamespace(complaint: string, name: string, host: string): SdnError | undefined {
  if (!/nsenter: cannot open .*No such file/.test(complaint)) return undefined;
  return new SdnError({
    code: "not-found",
    host,
    cause: `there is no network namespace "${name}" on the machine that runs Pulumi`,
    remedy: `see \`ip netns list\`, or make it with \`ip netns add ${name}\``,
  });
}
