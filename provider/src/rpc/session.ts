/** What the calls of one provider process share. */
import type { EncodeOptions } from "./codec";
import { EngineLog } from "./engine-log";
import type { Handlers } from "./handlers";
import { InFlight } from "./in-flight";
import { Redactor } from "./redactor";
import type { ValueMap } from "./value";

export class Session {
  readonly log = new EngineLog();
  readonly calls = new InFlight();
  /** Secrets of the provider's own configuration. */
  readonly secrets = new Redactor();
  /** What the engine accepts; resources never send outputs. */
  peer: EncodeOptions = { keepSecrets: true, keepOutputs: false, keepResources: true };

  /**
   * This provider as the engine refers to it (`URN::ID`). Children are registered with it: by version alone, a
   * component of a default provider without a version would get its children from a second process.
   */
  ownReference: string | undefined;

  constructor(readonly handlers: Handlers) {}

  /** An engine begins to use this process. */
  attach(engineAddress: string): void {
    this.log.connect(engineAddress);
    this.calls.resume();
  }

  configure(config: ValueMap, acceptSecrets: boolean, acceptResources: boolean): void {
    this.secrets.learn(config);
    this.peer = { keepSecrets: acceptSecrets, keepOutputs: false, keepResources: acceptResources };
  }
}
