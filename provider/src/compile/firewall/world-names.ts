/** What things are called in the policy core's world on a host: VNIs as text, so that stacks never mean another's. */

export const networkName = (vni: number): string => String(vni);
export const segmentName = (vni: number): string => String(vni);
/** `vni`: of its subnet. */
export const endpointName = (vni: number, name: string): string => `${vni}/${name}`;
/** Groups are a policy's own: another policy's group of the same name may hold something else. */
export const groupName = (policy: string, name: string): string => `${policy}/${name}`;
