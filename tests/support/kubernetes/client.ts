/** As much of a client of kube-apiserver as tests and the stand-in need: HTTPS, a bearer token, JSON. */
import { request } from "node:https";

/** Where an API server is and what opens it. */
export interface Access {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(readonly answer: Answer) {
    const { message } = answer.body;
    super(typeof message === "string" ? message : `status ${answer.status}`);
  }
}

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export class KubernetesClient {
  constructor(private readonly access: Access) {}

  /** Rejects where there is no answer at all. */
  send(method: string, path: string, body?: unknown, contentType = "application/json"): Promise<Answer> {
    const { server, ca, token } = this.access;
    const options = {
      method,
      ca,
      headers: { authorization: `Bearer ${token}`, accept: "application/json", "content-type": contentType },
      timeout: 3_000,
    };
    return new Promise((resolve, reject) => {
      const call = request(`${server}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, body: parsed(text) });
        });
        response.on("error", reject);
      });
      call.on("timeout", () => call.destroy(new Error(`${server} does not answer`)));
      call.on("error", reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** What the server answers with success; throws `Refused` otherwise. */
  async must(method: string, path: string, body?: unknown, contentType?: string): Promise<KubernetesObject> {
    const answer = await this.send(method, path, body, contentType);
    if (answer.status >= 300) throw new Refused(answer);
    return answer.body as unknown as KubernetesObject;
  }

  /** The path of an object's collection; `undefined` where the server does not know the kind. */
  async collection(apiVersion: string, kind: string, namespace?: string): Promise<string | undefined> {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { status, body } = await this.send("GET", group);
    if (status === 404) return undefined;
    if (status >= 300) throw new Refused({ status, body });
    const resources = body["resources"] as readonly ApiResource[];
    const found = resources.find((one) => one.kind === kind && !one.name.includes("/"));
    if (found === undefined) return undefined;
    return found.namespaced ? `${group}/namespaces/${namespace ?? "default"}/${found.name}` : `${group}/${found.name}`;
  }

  /** `undefined` where it does not exist. */
  async read({ apiVersion, kind, metadata }: KubernetesObject): Promise<KubernetesObject | undefined> {
    const path = await this.collection(apiVersion, kind, metadata.namespace);
    if (path === undefined) return undefined;
    const answer = await this.send("GET", `${path}/${metadata.name}`);
    if (answer.status === 404) return undefined;
    if (answer.status >= 300) throw new Refused(answer);
    return answer.body as unknown as KubernetesObject;
  }

  /** Server-side apply. */
  async apply(
    object: KubernetesObject,
    { manager, force = false, dryRun = false }: ApplyOptions,
  ): Promise<KubernetesObject> {
    const { apiVersion, kind, metadata } = object;
    const path = await this.collection(apiVersion, kind, metadata.namespace);
    if (path === undefined) throw new Error(`the server does not know ${kind} of ${apiVersion}`);
    const query = new URLSearchParams({ fieldManager: manager, force: String(force), fieldValidation: "Strict" });
    if (dryRun) query.set("dryRun", "All");
    const type = "application/apply-patch+yaml";
    return this.must("PATCH", `${path}/${metadata.name}?${query.toString()}`, object, type);
  }

  /** Also where it is gone already. */
  async remove({ apiVersion, kind, metadata }: KubernetesObject): Promise<void> {
    const path = await this.collection(apiVersion, kind, metadata.namespace);
    if (path === undefined) return;
    const answer = await this.send("DELETE", `${path}/${metadata.name}`);
    if (answer.status >= 300 && answer.status !== 404) throw new Refused(answer);
  }
}

export interface ApplyOptions {
  readonly manager: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { message: text };
  }
}
