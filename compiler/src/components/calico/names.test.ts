import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { chainName, ipSetName, limitName, policyId } from "./felix/object-names.ts";
import { hostSideLinkLocal, vtepMac, workloadInterface } from "./names.ts";

describe("devices", () => {
  it.each([
    ["default", "nginx", "calic440f455693"],
    ["shop", "web-0", "calia4fc3c48bd8"],
    ["shop", "api-0", "calieb97322ec89"],
  ])("of pod %s/%s is %s", (namespace, pod, device) => {
    expect(workloadInterface(namespace, pod)).toBe(device);
  });

  it.each([
    ["node1", "66:f9:37:c3:7e:94", "66:0f:35:f2:60:df"],
    ["node2", "66:2d:bf:44:a6:8b", "66:32:42:ed:de:d5"],
    ["node3", "66:a4:6f:e0:c4:da", "66:71:6e:25:e2:07"],
  ])("of the tunnels of %s have its MACs", (node, v4, v6) => {
    expect([vtepMac(node, 4), vtepMac(node, 6)]).toEqual([v4, v6]);
  });

  it("give pods one link-local gateway", () => {
    expect(formatIp(hostSideLinkLocal)).toBe("fe80::ecee:eeff:feee:eeee");
  });
});

describe("names of a limited length", () => {
  it("stay as they are when they fit", () => {
    expect(chainName("cali-tw-", "calieb97322ec89")).toBe("cali-tw-calieb97322ec89");
    expect(chainName("cali-pri-", "kns.shop")).toBe("cali-pri-kns.shop");
    expect(chainName("x-", "")).toBe("x-_");
  });

  it("carry a hash when they do not", () => {
    expect(limitName("felix", "12345678910", 13)).toBe("felix_Y2QCZIS");
    expect(chainName("cali-pri-", "ksa.kube-system.coredns")).toBe("cali-pri-_u2Tn2rSoAPffvE7JO6");
    expect(chainName("cali-fhfw-", "any-interface-at-all")).toBe("cali-fhfw-_Nqh4HyA73udmyanQI");
    expect(chainName("cali-th-", "any-interface-at-all")).toBe("cali-th-any-interface-at-all");
    expect(chainName("cali-pi-", policyId("shop", "allow-web-to-api"))).toBe("cali-pi-_-NQ-ncTi2FzIV3BNVH-");
    expect(chainName("cali-pi-", "default/shop/knp.default.allow-web-to-api")).toBe("cali-pi-_oTLFoN4ANDQnU7YoW0r");
  });

  it("of exactly the limit could be taken for a hashed one when the suffix begins with _", () => {
    expect(limitName("ab", "cd", 4)).toBe("abcd");
    expect(limitName("ab", "_d", 4)).not.toBe("ab_d");
  });

  it("of IP sets are cut to 31 characters", () => {
    expect(ipSetName(4, "all-vxlan-net")).toBe("cali40all-vxlan-net");
    expect(ipSetName(6, "s:8KuBXZF_119AEISz3LhUQWHabcdef")).toBe("cali60s:8KuBXZF_119AEISz3LhUQWH");
  });
});
