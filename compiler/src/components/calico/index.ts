export { calico } from "./component.ts";
export { podMtu, tunnelMtu } from "./mtu.ts";
export { hostSideLinkLocal, hostSideMac, vtepMac, vxlanDevice, workloadInterface } from "./names.ts";
export { splitLabelSelector } from "./selector/kubernetes.ts";
export type { SplitSelector } from "./selector/kubernetes.ts";
