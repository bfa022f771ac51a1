/** What resources ask of the firewall of many hosts. */

import type { MemberSpec, PolicySpec } from "../../compile/firewall/intent";
import type { Connection } from "../../model/connection";

/** A host as the program names it, and how it is reached. */
export interface FirewallHost {
  readonly name: string;
  readonly uri: string;
  readonly connection: Connection;
}

/** One policy or one labelled endpoint, new, changed or (without a spec) gone. */
export type FirewallChange = ChangeBase &
  (
    | { readonly kind: "policy"; readonly spec: PolicySpec | undefined }
    | { readonly kind: "member"; readonly spec: MemberSpec | undefined }
  );

interface ChangeBase {
  /** Its place in a host's document. */
  readonly key: string;
  /** `PROJECT/STACK` */
  readonly owner: string;
  /** As messages name it: `policy web`. */
  readonly label: string;
  /** Whether hosts were found to differ, so that everything is looked after. */
  readonly repair: boolean;
  /** The generation that this state knows; `undefined` where it knows none. */
  readonly expected: number | undefined;
}
