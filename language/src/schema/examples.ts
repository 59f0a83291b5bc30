/** An example of every kind of block, for its page of the reference. Each stands in a small cluster with the nodes `node-a` and `node-b`. */
export const blockExamples: ReadonlyMap<string, string> = new Map([
  [
    "cluster",
    `cluster demo {
  service-cidr = [172.16.0.0/16, fd00:16::/112]
  node-ports   = 30000..31999

  cni calico {
    pool four { cidr = 10.10.0.0/16, encapsulation = vxlan-cross-subnet }
    pool six  { cidr = fd00:10::/64, encapsulation = vxlan }
  }
}
`,
  ],
  [
    "cni",
    `cluster demo {
  service-cidr = 172.16.0.0/16

  cni calico {
    vxlan-port = 4789
    vxlan-mtu  = 1400
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }
  }
}
`,
  ],
  [
    "pool",
    `cluster demo {
  service-cidr = 172.16.0.0/16

  cni calico {
    pool west {
      cidr          = 10.10.0.0/16
      encapsulation = vxlan-cross-subnet
      nat-outgoing  = true
      node-selector = "topology.kubernetes.io/zone == 'west'"
    }
    pool rest {
      cidr          = 10.20.0.0/16
      encapsulation = vxlan
      node-selector = "!has(topology.kubernetes.io/zone)"
    }
  }
}
`,
  ],
  [
    "proxy",
    `cluster demo {
  service-cidr = 172.16.0.0/16

  cni calico {
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }
  }
  proxy iptables
}
`,
  ],
  [
    "dns",
    `cluster demo {
  service-cidr = 172.16.0.0/16

  cni calico {
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }
  }
  dns coredns {
    address  = 172.16.0.10
    ttl      = 5s
    upstream = [192.168.1.53, 192.168.1.54]
    forward "corp.example" to [192.168.1.55]
  }
}
`,
  ],
  [
    "network",
    `network dc {
  subnet blue  { cidr = 192.168.1.0/24 }
  subnet green { cidr = 192.168.2.0/24 }
  router core  { joins = [blue, green], nat = internet }
}

node node-a in blue
node node-b in green
`,
  ],
  [
    "subnet",
    `network dc {
  subnet blue { cidr = [192.168.1.0/24, fd00:1::/64], mtu = 9000 }
}

node node-a in blue
`,
  ],
  [
    "router",
    `network dc {
  subnet blue  { cidr = 192.168.1.0/24 }
  subnet green { cidr = 192.168.2.0/24 }
  router core  { joins = [blue, green], nat = internet }
}

node node-a in blue
`,
  ],
  [
    "node",
    `node node-a in blue  { address = 192.168.1.10, labels = { "topology.kubernetes.io/zone" = "west" } }
node node-b in green
`,
  ],
  [
    "firewall",
    `firewall edge {
  applies to nodes
  allow ingress from nodes on 4789/udp, 10250/tcp
  allow ingress from internet on 30000..32767/tcp
}
`,
  ],
  ["namespace", `namespace shop {\n  labels = { team = "shop" }\n  pod web\n}\n`],
  [
    "pod",
    `namespace shop {
  pod web on node-a {
    labels    = { app = "web" }
    address   = 10.10.0.7
    port http = 8080/tcp
  }
  pod leaving { labels = { app = "web" }, terminating = true }
}
`,
  ],
  [
    "workload",
    `namespace shop {
  workload web {
    replicas  = 3
    ready     = 2
    labels    = { app = "web" }
    port http = 8080/tcp
    spread over [node-a, node-b]
  }
}
`,
  ],
  [
    "dns-config",
    `namespace shop {
  pod web {
    dns-policy = none

    dns-config {
      nameservers = [192.168.1.53, 192.168.1.54]
      searches    = ["corp.example"]
      ndots       = 2
      rotate      = true
    }
  }
}
`,
  ],
  [
    "service",
    `namespace shop {
  pod web { labels = { app = "web" }, port http = 8080/tcp }

  service web {
    type                    = load-balancer
    load-balancer-addresses = 203.0.113.10
    source-ranges           = [203.0.113.0/24, 198.51.100.0/24]
    external-traffic-policy = local
    session-affinity        = client-ip
    session-timeout         = 10m
    selects app == "web"
    port 80/tcp -> http
  }

  service billing {
    type          = external-name
    external-name = "billing.example.org"
  }
}
`,
  ],
  [
    "endpoints",
    `namespace shop {
  service db {
    port pg = 5432/tcp

    endpoints db-west {
      addresses = [10.20.0.5, 10.20.0.6]
      zone      = "west"
      port pg   = 5433/tcp
    }
    endpoints db-old { addresses = 10.20.0.7, terminating = true }
  }
}
`,
  ],
  [
    "policy",
    `namespace shop {
  pod web    { labels = { app = "web" }, port http = 8080/tcp }
  pod client { labels = { app = "client" } }

  policy only-the-client {
    applies to app == "web"
    isolates egress
    allow ingress from pods app == "client" on http
  }
}
`,
  ],
  [
    "admin-policy",
    `namespace monitoring { pod prometheus { labels = { app = "prometheus" } } }
namespace shop {
  labels = { team = "shop" }
  pod web { labels = { app = "web" }, port http = 8080/tcp, port metrics = 9100/tcp }
}

admin-policy guard {
  priority = 10
  applies to namespaces team == "shop"
  allow "metrics" ingress from pods app == "prometheus" in namespace monitoring on metrics
  pass ingress from namespaces team == "shop"
  deny "everybody else" ingress from all namespaces
  deny egress to 169.254.169.254
}
`,
  ],
  [
    "baseline-policy",
    `namespace shop { pod web { labels = { app = "web" } } }

baseline-policy closed {
  priority = 100
  applies to all namespaces
  allow egress to namespace kube-system on 53/udp, 53/tcp
  deny egress to internet
}
`,
  ],
  [
    "assert",
    `namespace shop {
  pod client
  pod web     { labels = { app = "web" }, port http = 8080/tcp }
  service web { selects app == "web", port 80/tcp -> http }
}

assert "the shop is open" {
  shop/client reaches service shop/web on 80/tcp
  after any 1 node fails {
    shop/client reaches shop/web on 8080/tcp
  }
}
`,
  ],
]);
