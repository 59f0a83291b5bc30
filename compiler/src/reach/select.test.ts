import { describe, expect, it } from "vitest";
import { select } from "./select.ts";
import { compile, lines } from "./testing.ts";

const compilation = compile(`namespace shop {
  workload web { replicas = 2, labels = { app = "web" }, port 8080/tcp }
  pod client on n-1
  service web { selects app == "web", cluster-ip = 10.96.0.7, port 80/tcp -> 8080 }
}
namespace empty {}
`);

function refused(text: string): readonly [message: string, help: string | null] {
  const found = select(compilation.model, text);
  if (found.ok) throw new Error(`${text} was understood`);
  return [found.message, found.help];
}

describe("select", () => {
  it("should offer the nearest name", () => {
    expect(refused("shop/wbe")).toEqual(["no pod or workload is called shop/wbe", "did you mean shop/web?"]);
    expect(refused("shpo/web")).toEqual(["there is no namespace called shpo", "did you mean shop?"]);
    expect(refused("node:n-3")).toEqual(["no node is called n-3", "did you mean n-1?"]);
    expect(refused("interent")).toEqual(['nothing is called "interent"', "did you mean internet?"]);
  });

  it("should say what a namespace's pods and what a service's ends are called", () => {
    expect(refused("empty")).toEqual(['nothing is called "empty"', "all its pods are empty/*"]);
    expect(refused("svc:shop/web")).toEqual(["a service is a way and no end: svc:shop/web", "name the pods or the workload behind it"]);
    expect(refused("10.96.0.7")).toEqual(["10.96.0.7 is service shop/web, a way and no end", "name the pods or the workload behind it"]);
  });

  it("should say so when there is no outside", () => {
    const alone = compile(`cluster demo {
  service-cidr = 10.96.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan } }
}
network dc { subnet lan { cidr = 192.168.1.0/24 } }
node n-1 in lan
`);
    expect(select(alone.model, "internet")).toEqual({
      ok: false,
      message: "there is no internet: no router has `nat = internet`",
      help: null,
    });
  });

  it("should take several with commas, and addresses as those that have them", () => {
    expect(lines(compilation, { from: "shop/client, n-2", to: "shop/web" })).toEqual([
      "node:n-2[Node] => shop/web[Deployment] : All Connections",
      "shop/client[Pod] => shop/web[Deployment] : All Connections",
    ]);
    expect(lines(compilation, { from: "192.168.1.11", to: "shop/web" })).toEqual([
      "node:n-1[Node] => shop/web[Deployment] : All Connections",
    ]);
    expect(lines(compilation, { from: "shop/client", to: "8.8.8.8" })).toEqual([
      "shop/client[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections",
    ]);
  });
});
