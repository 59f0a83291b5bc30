/** Clusters written for what the journey does not have. */

/** Each node behind a router of its own, and both routers lead outside with NAT: the outside answers each at its own address. */
export const twoNatRouters = `cluster demo {
  service-cidr = [172.16.0.0/16, fd00:172::/112]
  cni calico {
    pool pods  { cidr = 10.10.0.0/16, block-size = 26, encapsulation = vxlan, nat-outgoing = true }
    pool pods6 { cidr = fd00:10::/64, block-size = 122, encapsulation = vxlan, nat-outgoing = true }
  }
}
network dc {
  subnet blue   { cidr = [192.168.1.0/24, fd00:1::/64] }
  subnet middle { cidr = [192.168.9.0/24, fd00:9::/64] }
  subnet green  { cidr = [192.168.2.0/24, fd00:2::/64] }
  router r1 { joins = [blue, middle], nat = internet }
  router r2 { joins = [middle, green], nat = internet }
}
node node-a in blue
node node-b in green
namespace shop {
  pod p0 on node-a { labels = { app = "web" }, port http = 8080/tcp }
  pod p1 on node-b { labels = { app = "web" }, port http = 8080/tcp }
  service web { selects app == "web", port 80/tcp -> http }
}
`;

/** A service whose backends are a pod and a pod on the host network, behind a policy that can only isolate the first. */
export const hostNetworkBackend = `cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico {
    pool pods { cidr = 10.10.0.0/16, block-size = 26, encapsulation = vxlan, nat-outgoing = true }
  }
}
network dc {
  subnet blue  { cidr = 192.168.1.0/24 }
  subnet green { cidr = 192.168.2.0/24 }
  router core { joins = [blue, green], nat = internet }
}
node node-a in blue
node node-b in green
namespace shop {
  pod p on node-a { labels = { app = "web" }, port http = 8080/tcp }
  pod h on node-b { labels = { app = "web", tier = "host" }, port http = 20001/tcp, host-network = true }
  pod client on node-b {}
  service web { selects app == "web", port 80/tcp -> http node-port 30080 }
  policy closed { applies to tier == "host", isolates ingress }
}
`;
