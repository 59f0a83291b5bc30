/** What `knet init` writes. */

export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

const cluster = `// A small cluster: two nodes in two subnets, a web service that only its client may use.
// Try: knet check cluster.knet · knet verify cluster.knet · knet trace cluster.knet shop/client web
//      knet compile cluster.knet -o out

cluster demo {
  service-cidr = 172.16.0.0/16

  cni calico {
    pool pods {
      cidr          = 10.10.0.0/16
      encapsulation = vxlan-cross-subnet
      nat-outgoing  = true
    }
  }
  proxy iptables
  dns coredns {}
}

network dc {
  subnet blue  { cidr = 192.168.1.0/24 }
  subnet green { cidr = 192.168.2.0/24 }
  router core  { joins = [blue, green], nat = internet }
}

node node-a in blue  {}
node node-b in green {}

firewall nodes {
  applies to nodes
  allow ingress from subnet blue, subnet green on 4789/udp, 10250/tcp
}

namespace shop {
  pod client on node-a { labels = { app = "client" } }

  workload web {
    replicas  = 2
    labels    = { app = "web" }
    port http = 8080/tcp
    spread over [node-a, node-b]
  }

  service web {
    selects app == "web"
    port http = 80/tcp -> http
  }

  policy only-the-client {
    applies to app == "web"
    allow ingress from pods app == "client" on 8080/tcp
  }
}

assert "the client, and only the client, reaches web" {
  shop/client reaches service shop/web on 80/tcp
  nothing except shop/client reaches pods app == "web" in shop
}

assert "one lost node does not lose the service" {
  after any 1 node fails { shop/client reaches service shop/web on 80/tcp }
}
`;

const workflow = `name: knet
on:
  push:
    branches: [main]
  pull_request:
jobs:
  verify:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: npx --yes @knet/compiler check --deny-warnings --format github cluster.knet
      - run: npx --yes @knet/compiler verify --format github cluster.knet
`;

const settings = `{
  "files.associations": { "*.knet": "knet" },
  "[knet]": { "editor.tabSize": 2, "editor.insertSpaces": true }
}
`;

export const templateFiles: readonly TemplateFile[] = [
  { path: "cluster.knet", text: cluster },
  { path: ".github/workflows/knet.yml", text: workflow },
  { path: ".vscode/settings.json", text: settings },
];
