/** The whole provider without its protocol: handlers as the plugin has them, on modelled hosts. */
import type { Connection, SshConnection } from "../../provider/src/model/connection";
import { connectionUri } from "../../provider/src/model/connection";
import { SdnError } from "../../provider/src/model/error";
import { createHandlers } from "../../provider/src/provider";
import { connectionValue } from "../../provider/src/resources/connection-inputs";
import type { CallContext, CustomResourceHandler, Handlers, Severity } from "../../provider/src/rpc/handlers";
import type { ValueMap } from "../../provider/src/rpc/value";
import type { Script } from "../../provider/src/targets/fake-target";
import { FakeTarget } from "../../provider/src/targets/fake-target";
import type { Target } from "../../provider/src/targets/target";
import { ModelHost, type ModelOptions } from "./model-host";

export interface WorldHost {
  readonly name: string;
  readonly connection: SshConnection;
  readonly uri: string;
  readonly model: ModelHost;
  readonly target: FakeTarget;
}

export interface Logged {
  readonly severity: Severity;
  readonly message: string;
}

/** A call of the engine; what the handler logged stays in it. */
export class FakeCall implements CallContext {
  readonly logged: Logged[] = [];
  constructor(readonly signal: AbortSignal = new AbortController().signal) {}
  log(severity: Severity, message: string): void {
    this.logged.push({ severity, message });
  }
  status(): void {
    // Progress is nobody's business here.
  }
  get warnings(): readonly string[] {
    return this.logged.filter(({ severity }) => severity === "warning").map(({ message }) => message);
  }
}

export class World {
  readonly hosts: readonly WorldHost[];
  readonly handlers: Handlers;

  /** `script` takes the place of what a host does, by its index. */
  constructor(
    options: readonly ModelOptions[] = [{}],
    script: (model: ModelHost, index: number) => Script = (model) => model.script,
    models: readonly ModelHost[] = options.map(modelOf),
  ) {
    this.hosts = models.map((model, index) => worldHost(index, model, script(model, index)));
    this.handlers = this.anotherProvider();
  }

  /** A provider process that has seen nothing yet, on the same hosts. */
  anotherProvider(): Handlers {
    return createHandlers({
      acquire: (connection) => this.targetOf(connection),
      dial: (connection) => this.dialled(connection),
      closeAll: () => Promise.resolve(),
    });
  }

  get host(): WorldHost {
    const [first] = this.hosts;
    if (first === undefined) throw new Error("a world has a host");
    return first;
  }

  resource(token: string): CustomResourceHandler {
    const make = this.handlers.resources.get(token);
    if (make === undefined) throw new Error(`no handler of ${token}`);
    return make();
  }

  /** Executions since the last time that it was asked, host by host. */
  takeExecutions(): readonly number[] {
    return this.hosts.map((host) => {
      const before = this.counted.get(host.uri) ?? 0;
      this.counted.set(host.uri, host.target.executions);
      return host.target.executions - before;
    });
  }
  private readonly counted = new Map<string, number>();

  /** Another connection to the same host: what runs over it counts there, and it is closed alone. */
  private dialled(connection: Connection): Target {
    const target = this.targetOf(connection);
    return {
      uri: target.uri,
      get executions() {
        return target.executions;
      },
      run: (program, stdin, options) => target.run(program, stdin, options),
      close: () => Promise.resolve(),
    };
  }

  targetOf(connection: Connection): FakeTarget {
    const uri = connectionUri(connection);
    const host = this.hosts.find((one) => one.uri === uri);
    if (host !== undefined) return host.target;
    throw new SdnError({ code: "unreachable", host: uri, cause: "there is no such host in this world" });
  }
}

const nameOf = (index: number): string => `h${index + 1}`;
const addressOf = (index: number): string => `192.0.2.${11 + index}`;

export const modelOf = (options: ModelOptions, index: number): ModelHost =>
  new ModelHost({ address: addressOf(index), hostname: nameOf(index), ...options });

function worldHost(index: number, model: ModelHost, script: Script): WorldHost {
  const [name, address] = [nameOf(index), addressOf(index)];
  const connection: SshConnection = {
    kind: "ssh",
    address,
    port: 22,
    user: "root",
    agent: true,
    connectTimeout: 10,
  };
  const uri = connectionUri(connection);
  return { name, connection, uri, model, target: new FakeTarget(script, uri) };
}

/** A connection as the inputs of a per-host resource hold it. */
export const connectionInput = ({ connection }: WorldHost): ValueMap => connectionValue(connection);

export const urnOf = (type: string, name: string, { project = "shop", stack = "dev" } = {}): string =>
  `urn:pulumi:${stack}::${project}::${type}::${name}`;
