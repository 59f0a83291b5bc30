import { describe, expect, it } from "vitest";
import { messagesOf } from "../testing/fixtures.ts";

const service = 'service web { selects app == "web", port 80/tcp -> 8080 }';
const space = (...members: readonly string[]): readonly string[] => messagesOf(`namespace shop {\n${members.map((member) => `  ${member}\n`).join("")}}\n`);
const pod = (name: string, more: string): string => `pod ${name} { labels = { app = "web" }, port 8080/tcp${more} }`;
const workload = (more: string): string => `workload w { labels = { app = "web" }, port 8080/tcp, ${more} }`;

describe("services without ready endpoints", () => {
  it("are found, be they of pods or of workloads", () => {
    expect(space(service, pod("a", ", ready = false"))).toEqual(["KN8031 service `shop/web` has no endpoints: the pod it selects is not ready"]);
    expect(space(service, pod("a", ", ready = false"), workload("replicas = 3, ready = 0"))).toEqual([
      "KN8031 service `shop/web` has no endpoints: none of the 4 pods it selects is ready",
    ]);
  });

  it("are not when one pod is ready, or when readiness is not asked for", () => {
    expect(space(service, pod("a", ", ready = false"), pod("b", ""))).toEqual([]);
    expect(space(service, workload("replicas = 3, ready = 1"))).toEqual([]);
    expect(space(service.replace(" }", ", publish-not-ready = true }"), pod("a", ", ready = false"))).toEqual([]);
  });

  it("are not when a pod that ends still serves, unless DNS has to name it", () => {
    expect(space(service, pod("a", ", terminating = true"))).toEqual([]);
    expect(space(service, pod("a", ", terminating = true, ready = false"))).toHaveLength(1);
    expect(space(service.replace(" }", ", headless = true }"), pod("a", ", terminating = true"))).toContain(
      "KN8031 service `shop/web` has no endpoints: the pod it selects is not ready",
    );
  });

  it("are told once when nothing is selected at all", () => {
    expect(space(service.replace('"web"', '"wep"'), pod("a", ", ready = false"))).toEqual(["KN8001 this selects no pod of namespace `shop`"]);
  });
});
