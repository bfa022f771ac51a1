/** What a node's programs read, in its folder. */
import { cp, mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import type { Access } from "../../../support/kubernetes/client";
import { execute } from "../lab";
import { relayed } from "./relay";

/** As `tools/kubernetes/install` leaves them. */
const tools = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sdn", "tools");
const kubelet = join(tools, "kubernetes-1.36.3", "bin", "kubelet");
const plugins = join(tools, "cni-1.10.0", "bin");
const engines = join(tools, "policy-engine-1.1.1", "bin");

/** What the engine reads besides NetworkPolicy: AdminNetworkPolicy and its baseline, or ClusterNetworkPolicy. */
export type EnforcedApi = "v1alpha1" | "v1alpha2";

/** Of containers and of what holds a pod's network: busybox, asleep. */
export const image = "sdn.invalid/box:1";

export async function writeNodeFiles(folder: string, name: string, access: Access): Promise<void> {
  const at = (file: string): string => join(folder, file);
  await mkdir(at("net.d"));
  await writeFile(at("net.d/10-pods.conflist"), JSON.stringify(networkOf(folder)));
  await writeFile(at("containerd.toml"), containerdOf(folder));
  await writeFile(at("kubelet.yaml"), JSON.stringify(kubeletOf(folder)));
  await writeFile(at("kubeconfig"), JSON.stringify(kubeconfigOf(access)), { mode: 0o600 });
  await writeFile(at("node.sh"), nodeScript(folder, name));
  await packImage(folder);
}

/** Routed: a link for each pod, so that the node judges what passes from one to another. */
const networkOf = (folder: string): object => ({
  cniVersion: "1.0.0",
  name: "pods",
  plugins: [
    {
      type: "ptp",
      ipam: {
        type: "host-local",
        dataDir: join(folder, "leases"),
        ranges: [[{ subnet: "10.244.0.0/24" }]],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    },
  ],
});

const containerdOf = (folder: string): string => `
version = 2
root = "${folder}/images"
state = "${folder}/state"
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${image}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${folder}/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
`;

/** Without groups of its own in the machine's cgroups, and without a server. */
const kubeletOf = (folder: string): object => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  failCgroupV1: false,
  failSwapOn: false,
  cgroupDriver: "cgroupfs",
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  localStorageCapacityIsolation: false,
  containerRuntimeEndpoint: `unix://${folder}/containerd.sock`,
  enableServer: false,
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: "AlwaysAllow" },
});

function kubeconfigOf({ ca, token }: Access): object {
  const server = `https://${relayed.host}:${relayed.port}`;
  const name = "node";
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
}

const nodeScript = (folder: string, name: string): string => `
mount --make-rprivate /
containerd -c ${folder}/containerd.toml >${folder}/containerd.log 2>&1 &
until ctr -a ${folder}/containerd.sock version >/dev/null 2>&1; do sleep 0.1; done
ctr -a ${folder}/containerd.sock -n k8s.io images import ${folder}/image.tar >/dev/null
exec ${kubelet} --config=${folder}/kubelet.yaml --kubeconfig=${folder}/kubeconfig --root-dir=${folder}/kubelet \
  --cert-dir=${folder}/pki --hostname-override=${name} --node-ip=192.0.2.10
`;

export const engineCommand = (folder: string, name: string, api: EnforcedApi): readonly string[] => [
  join(engines, `npa-${api}`),
  `--kubeconfig=${join(folder, "kubeconfig")}`,
  "--disable-nri",
  `--hostname-override=${name}`,
  "--metrics-bind-address=127.0.0.1:9080",
];

/** As `docker save` writes it. */
async function packImage(folder: string): Promise<void> {
  const at = (file: string): string => join(folder, "image", file);
  await mkdir(at("root/bin"), { recursive: true });
  const busybox = (await execute("sh", ["-c", "command -v busybox"])).stdout.trim();
  await cp(busybox, at("root/bin/busybox"));
  await execute("tar", ["-C", at("root"), "-cf", at("layer.tar"), "."]);
  const sum = (await execute("sha256sum", [at("layer.tar")])).stdout.slice(0, 64);
  const config = {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Entrypoint: ["/bin/busybox", "sleep", "2147483647"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${sum}`] },
  };
  await writeFile(at("config.json"), JSON.stringify(config));
  const manifest = [{ Config: "config.json", RepoTags: [image], Layers: ["layer.tar"] }];
  await writeFile(at("manifest.json"), JSON.stringify(manifest));
  await execute("tar", ["-C", at("."), "-cf", join(folder, "image.tar"), "manifest.json", "config.json", "layer.tar"]);
}
