/** Flows aimed at one place of a sound dataplane: at a rule, at what a route leads to, at a member of a set. */
import { addToIp, contains, equalIp, isSpecial, rangeOf } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { Compilation } from "../compilation/compilation.ts";
import { parseMember } from "../dataplane/ipset/member.ts";
import { ruleOfLine } from "../dataplane/netfilter/ruleset.ts";
import type { Rule } from "../dataplane/netfilter/types.ts";
import { aimIndexOf, partiesOf } from "./aims.ts";
import type { AimIndex, Parties } from "./aims.ts";
import { chosenFlowText } from "./chosen-flow.ts";
import type { ChosenFlow } from "./chosen-flow.ts";
import type { FaultSite } from "./faults.ts";
import { randomFrom } from "./random.ts";
import type { Random } from "./random.ts";

/** How often a place is aimed at; the same flow may come of several tries. */
const tries = 60;

export class SiteAims {
  readonly #compilation: Pick<Compilation, "model" | "fabric">;
  readonly #parties: Parties;

  constructor(compilation: Pick<Compilation, "model" | "fabric">) {
    this.#compilation = compilation;
    this.#parties = partiesOf(compilation.model, compilation.fabric);
  }

  /** The same flows for the same place. A fault is not looked at, only where it is. */
  at(site: FaultSite): readonly ChosenFlow[] {
    const random = randomFrom(tries);
    const found = new Map<string, ChosenFlow>();
    const add = (flow: ChosenFlow | null): void => {
      if (flow !== null && flow.port >= 1 && flow.port <= 65535 && !isSpecial(flow.dst)) found.set(chosenFlowText(flow), flow);
    };
    for (let n = 0; n < tries; n++) {
      const flow = this.#aim(site, random);
      add(flow);
      if (flow === null) continue;
      // Beside it, on either side: what a value that is wrong by one takes in or leaves out.
      if (n % 3 === 0) add({ ...flow, port: flow.port + (random.chance(0.5) ? 1 : -1) });
      if (n % 5 === 0) add({ ...flow, dst: addToIp(flow.dst, random.chance(0.5) ? 1 : -1) });
    }
    return [...found.values()];
  }

  #aim(site: FaultSite, random: Random): ChosenFlow | null {
    switch (site.of) {
      case "rule": {
        const index = this.#index(site.host, site.file.family);
        return index === null
          ? this.#throughHost(site.host, site.file.family, random)
          : index.aim(ruleOfLine(site.line, site.file.family), random);
      }
      case "route":
        return this.#towards(site.host, site.route.destination, random);
      case "set member":
        return this.#member(site, random);
    }
  }

  #index(host: string, family: Family): AimIndex | null {
    if (!host.startsWith("node/")) return null;
    return aimIndexOf(this.#compilation, host, family);
  }

  /** Routers and machines outside see what comes from outside or goes there. */
  #throughHost(host: string, family: Family, random: Random): ChosenFlow | null {
    const isOutside = (id: string | null): boolean => id !== null && (id === host || id.startsWith("external/"));
    const from = random.pick(this.#parties.senders.filter(({ ip }) => ip.family === family));
    const targets = this.#parties.targets.filter(({ host: to, ip }) => ip.family === family && (isOutside(to) || isOutside(from.host)));
    return targets.length === 0 ? null : anyPort(from.host, random.pick(targets).ip, random);
  }

  /** To an address in the range, or from one, since answers are routed too. */
  #towards(host: string, range: Cidr, random: Random): ChosenFlow | null {
    const { family } = range.ip;
    const isIn = (ip: Ip): boolean => ip.family === family && contains(range, ip);
    const near = this.#parties.senders.filter(
      ({ host: id, ip }) => ip.family === family && (id === host || this.#parties.devices.has(`${host} ${id}`)),
    );
    const far = this.#parties.targets.filter(({ ip }) => isIn(ip));
    const edges = [rangeOf(range).first, rangeOf(range).last].map((ip) => ({ host: null, ip }));
    const target = random.pick(far.length === 0 || random.chance(0.1) ? edges : far);
    const senders = this.#parties.senders.filter(({ ip }) => ip.family === family);
    if (senders.length === 0) return null;
    const sender = random.pick(near.length > 0 && random.chance(0.7) ? near : senders);
    if (target.host !== null && random.chance(0.3)) {
      const back = this.#parties.senders.find(({ ip }) => equalIp(ip, target.ip));
      if (back !== undefined) return anyPort(back.host, sender.ip, random);
    }
    return anyPort(sender.host, target.ip, random);
  }

  /** A flow that comes to a rule that asks for the set, from or to the member. */
  #member(site: FaultSite & { readonly of: "set member" }, random: Random): ChosenFlow | null {
    const { family } = site.set;
    const index = this.#index(site.host, family);
    const { cidr, ports } = parseMember(site.set, site.member.text);
    const asking = index === null ? [] : [...index.rules].filter((rule) => asks(rule, site.set.name) !== null);
    if (index === null || asking.length === 0) return null;
    const rule = random.pick(asking);
    const flow = index.aim(rule, random);
    if (flow === null) return null;
    if (asks(rule, site.set.name) === "src") {
      const from = this.#parties.senders.filter(({ ip }) => ip.family === family && contains(cidr, ip));
      return from.length === 0 ? flow : { ...flow, from: random.pick(from).host ?? flow.from };
    }
    const to = this.#parties.targets.filter(({ ip }) => ip.family === family && contains(cidr, ip));
    const port = ports === null ? {} : { port: ports.first };
    return to.length === 0 ? flow : { ...flow, dst: random.pick(to).ip, ...port };
  }
}

function asks(rule: Rule, set: string): "src" | "dst" | null {
  const match = rule.matches.find((each) => each.kind === "set" && each.set === set);
  return match?.kind === "set" ? (match.sides[0] ?? null) : null;
}

function anyPort(from: string | null, dst: Ip, random: Random): ChosenFlow | null {
  if (from === null) return null;
  const [protocol, port] = random.pick([
    ["tcp", 80],
    ["tcp", 443],
    ["tcp", 8080],
    ["tcp", 10250],
    ["udp", 53],
    ["udp", 9],
  ] as const);
  return { from, dst, protocol, port };
}
