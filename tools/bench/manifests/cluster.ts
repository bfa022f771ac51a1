/** A cluster to measure with: workloads in namespaces, and policies that tell them apart. */

export interface ClusterSize {
  readonly workloads: number;
  readonly policies: number;
}

const perNamespace = 100;

/** As files of YAML, one a namespace. Each policy selects an application and lets in two others and a block. */
export function manifestsOfSize({ workloads, policies }: ClusterSize): readonly { path: string; text: string }[] {
  const namespaces = Math.ceil(workloads / perNamespace);
  return Array.from({ length: namespaces }, (_, index) => {
    const names = Array.from(
      { length: Math.min(perNamespace, workloads - index * perNamespace) },
      (_, one) => `app-${one}`,
    );
    const own = Math.floor(policies / namespaces) + (index < policies % namespaces ? 1 : 0);
    const documents = [
      ...names.map((name) => deployment(`ns-${index}`, name)),
      ...Array.from({ length: own }, (_, one) => policy(`ns-${index}`, one, (index + 1) % namespaces)),
    ];
    return { path: `ns-${index}.yaml`, text: documents.join("---\n") };
  });
}

const deployment = (namespace: string, name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  template:
    metadata: { labels: { app: ${name}, tier: ${name.endsWith("0") ? "front" : "back"} } }
    spec: { containers: [{ name: main, ports: [{ name: http, containerPort: 8080 }] }] }
`;

const policy = (namespace: string, index: number, other: number): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: policy-${index}, namespace: ${namespace} }
spec:
  podSelector: { matchLabels: { app: app-${index % perNamespace} } }
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector: { matchLabels: { app: app-${(index + 1) % perNamespace} } }
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ns-${other} } }
          podSelector: { matchLabels: { tier: front } }
      ports: [{ port: http }, { protocol: UDP, port: ${1000 + index} }]
    - from: [{ ipBlock: { cidr: 10.${index % 256}.0.0/16 } }]
  egress:
    - to: [{ namespaceSelector: {} }]
      ports: [{ port: http }, { protocol: UDP, port: 53 }]
`;
