/** KN802x and KN803x: networks that are legal and most likely do not work, or will not for long. */
const warning = "warning" as const;

export const networkEntries = {
  "special-range": {
    code: "KN8020",
    severity: warning,
    message: (p: { range: string; special: string; use: string }) => `${p.range} overlaps ${p.special}, ${p.use}`,
  },
  "shadowed-address": {
    code: "KN8021",
    severity: warning,
    message: (p: { what: string; address: string; range: string }) =>
      `${p.what} \`${p.address}\` lies in ${p.range}, and nothing there has that address`,
  },
  "policy-on-service-address": {
    code: "KN8022",
    severity: warning,
    message: (p: { cidr: string }) => `\`${p.cidr}\` is in a service range, where no policy ever sees a packet`,
  },
  "nearly-full": {
    code: "KN8023",
    severity: warning,
    message: (p: { what: string; used: string; size: string; unit: string }) =>
      `${p.what} is nearly full: ${p.used} of ${p.size} ${p.unit} are taken`,
  },
  "too-few-blocks": {
    code: "KN8024",
    severity: warning,
    message: (p: { nodes: number; what: string; blocks: string }) => `${p.nodes} nodes do not each get a block: ${p.what} has ${p.blocks}`,
  },
  "mtu-too-large": {
    code: "KN8025",
    severity: warning,
    message: (p: { size: number; path: string; mtu: number }) =>
      `VXLAN packets of up to ${p.size} bytes do not fit ${p.path}, which carries ${p.mtu}`,
  },
  "mtu-below-ipv6": {
    code: "KN8026",
    severity: warning,
    message: (p: { mtu: number; overhead: number }) =>
      `pods would have an MTU of ${p.mtu} bytes${p.overhead === 0 ? "" : ` (${p.overhead} are VXLAN's)`}, and IPv6 needs 1280`,
  },
  "firewall-closes": {
    code: "KN8027",
    severity: warning,
    message: (p: { firewalls: string; flows: string }) => `${p.firewalls} what the cluster needs: ${p.flows}`,
  },
  "node-port-closed": {
    code: "KN8028",
    severity: warning,
    message: (p: { ports: string; service: string }) => `${p.ports} of service \`${p.service}\` is closed by the firewall of every node`,
  },
  "egress-without-dns": {
    code: "KN8029",
    severity: warning,
    message: (p: { who: string; ports: string }) => `${p.who} may connect to others but not ask the DNS server: ${p.ports} to \`kube-dns\` is not allowed`,
  },
  "policy-on-service-port": {
    code: "KN8030",
    severity: warning,
    message: (p: { port: string; service: string; target: string }) =>
      `${p.port} is the port of service \`${p.service}\`; its pods listen on ${p.target}, and that is what policies see`,
  },
  "no-ready-endpoints": {
    code: "KN8031",
    severity: warning,
    message: (p: { service: string; pods: number }) =>
      p.pods === 0
        ? `service \`${p.service}\` has no endpoints: what it selects has no replicas`
        : `service \`${p.service}\` has no endpoints: ${p.pods === 1 ? "the pod" : `none of the ${p.pods} pods`} it selects is${p.pods === 1 ? " not" : ""} ready`,
  },
} as const;
