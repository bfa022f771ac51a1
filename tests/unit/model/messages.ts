import { SdnError } from "../../../provider/src/model/error";

/** The message and code of the `SdnError` that `action` throws; fails where it throws nothing or something else. */
export function refusal(action: () => unknown): { readonly code: string; readonly message: string } {
  try {
    action();
  } catch (thrown) {
    if (!(thrown instanceof SdnError)) throw thrown;
    return { code: thrown.code, message: thrown.message };
  }
  throw new Error("nothing was thrown");
}
