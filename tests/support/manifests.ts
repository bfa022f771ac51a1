/** Manifests in tests: short YAML, and what the analysis says of it. */
import { connectionsOf } from "../../provider/src/manifests/connections";
import { connectivityOf } from "../../provider/src/manifests/connectivity";
import { findingText } from "../../provider/src/manifests/finding";
import { parseManifests } from "../../provider/src/manifests/parse";
import { connectivityText } from "../../provider/src/render/connectivity/text";

export interface Said {
  readonly lines: readonly string[];
  readonly findings: readonly string[];
}

/** Documents as if each stood in the same file, `m.yaml`. */
export function said(...documents: readonly string[]): Said {
  const manifests = parseManifests([{ path: "m.yaml", text: documents.map((one) => `${one.trim()}\n`).join("---\n") }]);
  const connectivity = connectivityOf(manifests.objects);
  return {
    lines: connectivityText(connectionsOf(connectivity)).split("\n").slice(0, -1),
    findings: [...manifests.findings, ...connectivity.findings].map(findingText),
  };
}

/** A Deployment `shop/NAME` whose pods have the label `app: NAME` and others, and ports as `name:8080/TCP`. */
export function deployment(name: string, { labels = "", ports = [] as readonly string[], namespace = "shop" } = {}) {
  const portLines = ports.map((port) => {
    const [, portName = "", number = "", protocol = "TCP"] = /^(?:(.*):)?(\d+)(?:\/(.*))?$/.exec(port) ?? [];
    return `{ ${portName === "" ? "" : `name: ${portName}, `}containerPort: ${number}, protocol: ${protocol} }`;
  });
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  template:
    metadata: { labels: { app: ${name}${labels === "" ? "" : `, ${labels}`} } }
    spec: { containers: [{ name: main, ports: [${portLines.join(", ")}] }] }`;
}

export const namespace = (name: string, labels = ""): string => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { ${labels} } }`;

/** A NetworkPolicy `shop/NAME` with what stands under its `spec`. */
export const networkPolicy = (name: string, spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec:
${spec.replace(/^/gm, "  ")}`;

/** Only lines between workloads, without the namespace and the kind: `web => db : TCP 5432`. */
export function between(lines: readonly string[]): readonly string[] {
  return lines
    .filter((line) => !line.includes("[External]") && !line.startsWith("{"))
    .map((line) => line.replaceAll(/shop\/|\[Deployment\]/g, ""));
}
