/** Programs of any length for the measurements of the language. */
import type { ProgramHost } from "@knet/language";

export interface Workspace {
  readonly entry: string;
  /** Texts by their paths. */
  readonly files: ReadonlyMap<string, string>;
}

const base = `cluster bench {
  service-cidr = 172.20.0.0/14

  cni calico {
    pool pods { cidr = 10.64.0.0/10, encapsulation = vxlan-cross-subnet, nat-outgoing = true }
  }
}
`;

/** One team as people write it: 40 lines with the empty one behind it. */
function team(name: string): string {
  return `/// What ${name} runs.
namespace ${name} {
  labels = { team = "${name}", "example.com/tier" = "shop" }

  workload web {
    replicas     = 2
    labels       = { app = "web", "app.kubernetes.io/part-of" = "${name}" }
    port http    = 8080/tcp
    port metrics = 9102/tcp
  }
  workload api { replicas = 2, labels = { app = "api" }, port grpc = 7070/tcp, port metrics = 9102/tcp }
  pod batch    { labels = { app = "batch" } }

  service web {
    selects app == "web"
    port http = 80/tcp -> http
  }
  service api { selects app == "api", port 7070/tcp -> grpc }

  // Everything is closed, and opened by name.
  policy default-deny {
    applies to all pods
    isolates ingress, egress
  }
  policy dns {
    applies to all pods
    allow egress to pods k8s-app == "kube-dns" in namespace kube-system on 53/udp, 53/tcp
  }
  policy api {
    applies to app == "api"
    allow ingress from pods app == "web" on grpc
    allow egress to 198.51.100.0/24 except [198.51.100.64/26] on 443/tcp
  }
}

assert "the web of ${name}, and only it, calls the api" {
  ${name}/web reaches service ${name}/api on 7070/tcp
  nothing except ${name}/web, nodes reaches pods app == "api" in ${name}
}
`;
}

const machines = `network dc {
  subnet machines { cidr = 192.168.0.0/16 }
  router core     { joins = [machines], nat = internet }
}

for i in 1..20 { node "n\${i}" in machines { address = host(192.168.0.0/16, 9 + i) } }
`;

/** A sound program of about so many lines in so many files, the entry importing the others. */
export function workspaceOf(lines: number, files: number): Workspace {
  const teams = Math.round(lines / (team("t").split("\n").length));
  const texts = new Map<string, string>();
  const others = Math.max(files - 1, 0);
  const namesOf = (file: number, count: number): readonly string[] =>
    Array.from({ length: teams }, (_unused, index) => index).filter((index) => index % count === file).map((index) => `team-${index}`);
  const imports = Array.from({ length: others }, (_unused, index) => `import "teams-${index}.knet"\n`).join("");
  const own = others === 0 ? namesOf(0, 1).map(team).join("\n") : "";
  texts.set("main.knet", [imports, base, machines, own].filter((part) => part !== "").join("\n"));
  for (let file = 0; file < others; file++) texts.set(`teams-${file}.knet`, namesOf(file, others).map(team).join("\n"));
  return { entry: "main.knet", files: texts };
}

/** The text with so many lines of documentation in front of each of its lines, as libraries have them. */
export function documented(text: string, lines: number): string {
  const documentation = Array.from({ length: lines }, (_unused, index) => `/// Line ${index + 1} of what stands here, and why.`);
  return text
    .split("\n")
    .flatMap((line) => (line === "" ? [line] : [...documentation.map((comment) => `${/^ */.exec(line)?.[0] ?? ""}${comment}`), line]))
    .join("\n");
}

/** A cluster of so many nodes, written as a loop. @param nodes up to 40,000 */
export function loopOf(nodes: number): string {
  return `${base}
param count integer = ${nodes} where count in 1..40000

network dc {
  subnet machines { cidr = 10.0.0.0/12 }
  router core     { joins = [machines], nat = internet }
}

for i in 1..count {
  node "node-\${i}" in machines {
    address = host(10.0.0.0/12, 9 + i)
    labels  = { "topology.kubernetes.io/zone" = if i > 1000 then "west" else "east", rack = "r\${i}" }
  }
}

namespace shop {
  workload web { replicas = 2, labels = { app = "web" }, port http = 8080/tcp }
  service web  { selects app == "web", port 80/tcp -> http }
}
`;
}

export function hostOf({ files }: Workspace): ProgramHost {
  return {
    load: (specifier) => {
      const text = files.get(specifier);
      return text === undefined ? { kind: "missing", path: specifier } : { kind: "file", path: specifier, text };
    },
  };
}
