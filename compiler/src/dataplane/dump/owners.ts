/** Who put something on a host, as far as a dump tells. */

/** The kernel's own doing: it makes these unasked and follows from the rest. */
export const kernelOwner = "kernel";
/** Nothing in the dump says who it was. */
export const unknownOwner = "unknown";

/** `RTPROT_KERNEL`. */
export const kernelProtocol = 2;
const bootProtocol = 3;
const birdProtocol = 12;
/** What Felix writes on routes of its own. */
const felixProtocol = 80;

/** Devices that Felix makes: its tunnels. */
function isFelixDevice(link: string): boolean {
  return link === "vxlan.calico" || link === "vxlan-v6.calico" || link === "wireguard.cali" || link === "wg-v6.cali";
}

/** The node's ends of pods' pairs: `cali` and 11 hexadecimal digits. */
export function isWorkloadDevice(link: string): boolean {
  return /^cali[0-9a-f]{11}$/.test(link);
}

export function ownerOfDevice(link: string): string {
  if (isWorkloadDevice(link)) return "cni";
  return isFelixDevice(link) ? "felix" : unknownOwner;
}

/** Felix's routes of devices carry the protocol `boot`, as routes made by hand do: the device tells them apart. */
export function ownerOfRoute(protocol: number, link: string | null): string {
  switch (protocol) {
    case kernelProtocol:
      return kernelOwner;
    case felixProtocol:
      return "felix";
    case birdProtocol:
      return "bird";
    case bootProtocol:
      return link !== null && (isWorkloadDevice(link) || isFelixDevice(link)) ? "felix" : unknownOwner;
    default:
      return unknownOwner;
  }
}
