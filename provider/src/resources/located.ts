import { SdnError } from "../model/error";

/** The error of a target, which knows only its address, said of the host as the user named it. */
export function namedHost(error: SdnError, host: string, resource?: string): SdnError {
  const { host: address, ...rest } = error.detail;
  const named = address === undefined || address === host ? host : `${host} (${address})`;
  return new SdnError({ ...rest, host: named, ...(resource === undefined ? {} : { resource }) }, { cause: error });
}

/** Does the work; an error of it names host and resource. */
export async function located<T>(host: string, resource: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw thrown instanceof SdnError ? namedHost(thrown, host, resource) : thrown;
  }
}
