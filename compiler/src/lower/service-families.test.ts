import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import { manifestsOf } from "../components/assemble.ts";
import type { NetworkModel } from "../model/types.ts";

function modelWith(service: string): NetworkModel {
  const { compilation, diagnostics } = checkSource(
    "t.knet",
    `cluster demo {
  service-cidr = [10.96.0.0/16, fd00:96::/112]
  cni calico {
    pool four { cidr = 10.10.0.0/16, encapsulation = vxlan }
    pool six  { cidr = fd00:10::/64, encapsulation = vxlan }
  }
}
network dc { subnet lan { cidr = [192.168.1.0/24, fd00:1::/64] } }
node n in lan
namespace app {
  pod web { labels = { app = "web" }, port http = 8080/tcp }
  service web { selects app == "web", port 80/tcp -> http, ${service} }
}
`,
    null,
  );
  if (compilation === null) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("; "));
  return compilation.model;
}

/** The families of the model's cluster IPs, and what the manifest says of them. */
function familiesWith(service: string): readonly [clusterIps: readonly number[] | undefined, manifest: unknown] {
  const model = modelWith(service);
  const families = model.services.find(({ name }) => name === "web")?.clusterIps.map((ip) => ip.family);
  const manifest = manifestsOf(model).find(({ body }) => body["kind"] === "Service" && JSON.stringify(body["metadata"]).includes('"web"'));
  return [families, manifest?.body["spec"]];
}

describe("families of a service", () => {
  it.each([
    ["type = cluster-ip", [4], "SingleStack", ["IPv4"]],
    ["families = [ipv4, ipv6]", [4, 6], "RequireDualStack", ["IPv4", "IPv6"]],
    ["families = [ipv6, ipv4]", [6, 4], "RequireDualStack", ["IPv6", "IPv4"]],
    ["families = ipv6", [6], "SingleStack", ["IPv6"]],
    ["cluster-ip = fd00:96::7", [6], "SingleStack", ["IPv6"]],
    ["families = [ipv4, ipv6], cluster-ip = fd00:96::7", [4, 6], "RequireDualStack", ["IPv4", "IPv6"]],
    ["headless = true, families = ipv6", [], "SingleStack", ["IPv6"]],
    ["headless = true", [], "SingleStack", ["IPv4"]],
    ["headless = true, families = [ipv4, ipv6]", [], "RequireDualStack", ["IPv4", "IPv6"]],
    ["family-policy = prefer-dual-stack", [4, 6], "PreferDualStack", ["IPv4", "IPv6"]],
    ["family-policy = prefer-dual-stack, families = ipv6", [6, 4], "PreferDualStack", ["IPv6", "IPv4"]],
    ["family-policy = require-dual-stack, cluster-ip = fd00:96::7", [6, 4], "RequireDualStack", ["IPv6", "IPv4"]],
    ["family-policy = single-stack", [4], "SingleStack", ["IPv4"]],
  ])("%s: IPv%j, %s", (service, clusterIps, ipFamilyPolicy, ipFamilies) => {
    const [families, spec] = familiesWith(service);
    expect(families).toEqual(clusterIps);
    expect(spec).toMatchObject({ ipFamilyPolicy, ipFamilies });
  });
});
