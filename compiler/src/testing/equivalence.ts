/** Faults that change no packet's fate, with the reason. What is not proved here is not called equivalent. */
import { contains, equalIp, formatIp } from "@knet/language/values";
import type { Compilation } from "../compilation/compilation.ts";
import { compileIpSet } from "../dataplane/ipset/compile.ts";
import { parseMember } from "../dataplane/ipset/member.ts";
import { ruleOfLine } from "../dataplane/netfilter/ruleset.ts";
import type { Match, Rule, Ruleset, TableName } from "../dataplane/netfilter/types.ts";
import { prepareHost } from "../simulate/host.ts";
import { decideRoute } from "../simulate/routing.ts";
import { partiesOf } from "./aims.ts";
import type { Party } from "./aims.ts";
import { dependsOnOrder } from "./coverage.ts";
import type { UnreachableReason } from "./coverage.ts";
import type { Fault, FaultSite } from "./faults.ts";
import { reachableRules } from "./reachable.ts";
import type { Reachable } from "./reachable.ts";

/** Why a rule that no flow hit cannot be hit; null where nothing says so. */
export type ReasonOf = (host: string, rule: Rule) => UnreachableReason | null;

/** What the proofs read of a sound cluster, worked out once for all its faults. */
export class EquivalenceProofs {
  readonly #compilation: Pick<Compilation, "model" | "fabric">;
  readonly #reasonOf: ReasonOf;
  readonly #addresses: readonly Party[];
  readonly #reachable = new Map<string, Reachable>();

  constructor(compilation: Pick<Compilation, "model" | "fabric">, reasonOf: ReasonOf) {
    this.#compilation = compilation;
    this.#reasonOf = reasonOf;
    const services = new Set(compilation.model.services.flatMap((service) => service.clusterIps.map(formatIp)));
    this.#addresses = partiesOf(compilation.model, compilation.fabric).targets.filter(
      ({ host, ip }) => host !== null || services.has(formatIp(ip)),
    );
  }

  /** Null: not proved. */
  prove(fault: Fault): string | null {
    switch (fault.site.of) {
      case "rule":
        return this.#rule(fault, fault.site);
      case "route":
        return this.#route(fault, fault.site);
      case "set member":
        return this.#member(fault, fault.site);
    }
  }

  // Rules -------------------------------------------------------------------------------------------

  #rule(fault: Fault, site: FaultSite & { readonly of: "rule" }): string | null {
    const { family } = site.file;
    const prepared = prepareHost(this.#compilation.fabric.dataplane(site.host));
    const ruleset = prepared.ruleset(family);
    const rule = ruleOfLine(site.line, family);
    const other = fault.kind === "swap" && site.next !== null ? ruleOfLine(site.next, family) : null;
    if (other !== null) {
      for (const each of [rule, other])
        if (this.#isIdle(site, each) && this.#isIdleIn(fault, site, each)) return "one of the two rules changes no packet that comes to it";
      return commute(rule, other);
    }
    const isIdle = this.#isIdle(site, rule);
    if (fault.changed === null) {
      if (isIdle) return "the rule changes no packet that comes to it";
      if (rule.target?.kind === "return" && this.#restIsIdle(site, ruleset, rule, false)) return "what follows changes no packet";
      if (rule.target?.kind === "accept" && this.#restIsIdle(site, ruleset, rule, true)) return "what follows lets every packet pass";
      return this.#shadowed(ruleset, site, rule);
    }
    if (isIdle && this.#isIdleIn(fault, site, fault.changed)) return "neither rule changes a packet that comes to it";
    const rest = this.#sameEnd(site, ruleset, rule, fault.changed, isIdle);
    if (rest !== null) return rest;
    if (sameMatches(rule, fault.changed) || this.#shadowed(ruleset, site, fault.changed) !== null) {
      const shadow = this.#shadowed(ruleset, site, rule);
      if (shadow !== null) return shadow;
    }
    return this.#sameRange(rule, fault.changed);
  }

  /** A verdict that only spares a packet rules that would do nothing to it. */
  #sameEnd(site: FaultSite & { readonly of: "rule" }, ruleset: Ruleset, rule: Rule, changed: Rule, isIdle: boolean): string | null {
    const [was, is] = [rule.target?.kind, changed.target?.kind];
    if (!sameMatches(rule, changed)) return null;
    const why = "what follows changes no packet";
    if (isIdle && is === "return" && this.#restIsIdle(site, ruleset, rule, false)) return why;
    if (was === "return" && is === "accept" && this.#callersAreIdle(site, ruleset, site.line.chain)) return why;
    return null;
  }

  /** Whether the rules behind this one do nothing; `through` also asks those behind every call of its chain. */
  #restIsIdle(
    site: FaultSite & { readonly of: "rule" },
    ruleset: Ruleset,
    rule: Rule,
    through: boolean,
    chain = site.line.chain,
    depth = 0,
  ): boolean {
    const held = ruleset.tables.get(site.table)?.get(chain);
    if (held === undefined || held.policy === "DROP" || depth > 12) return false;
    const behind = held.rules.slice(held.rules.indexOf(rule) + 1);
    const harmless = behind.every(
      (each) => this.#reasonOf(site.host, each) !== null || this.#isIdle(site, each) || (through && each.target?.kind === "accept"),
    );
    return harmless && (!through || this.#callersAreIdle(site, ruleset, chain, depth + 1));
  }

  #callersAreIdle(site: FaultSite & { readonly of: "rule" }, ruleset: Ruleset, chain: string, depth = 0): boolean {
    return [...(ruleset.tables.get(site.table) ?? [])].every(([name, held]) =>
      held.rules.every((caller) => {
        if ((caller.target?.kind !== "jump" && caller.target?.kind !== "goto") || caller.target.chain !== chain) return true;
        return caller.target.kind === "goto"
          ? this.#callersAreIdle(site, ruleset, name, depth + 1)
          : this.#restIsIdle(site, ruleset, caller, true, name, depth);
      }),
    );
  }

  /** Whether the rule is none for any packet: it counts only, leaves every mark as it is, or calls a chain that does nothing. */
  #isIdle(site: FaultSite & { readonly of: "rule" }, rule: Rule): boolean {
    const { fabric } = this.#compilation;
    const { family } = site.file;
    const key = `${site.host} ${family}`;
    const dataplane = fabric.dataplane(site.host);
    const ruleset = prepareHost(dataplane).ruleset(family);
    let reachable = this.#reachable.get(key);
    if (reachable === undefined) {
      reachable = reachableRules(
        ruleset,
        dataplane.links.map((link) => link.name),
      );
      this.#reachable.set(key, reachable);
    }
    return idle(ruleset, site.table, rule, reachable, (each) => this.#reasonOf(site.host, each) !== null);
  }

  #isIdleIn(fault: Fault, site: FaultSite & { readonly of: "rule" }, changed: Rule): boolean {
    const dataplane = fault.fabric.dataplane(site.host);
    const ruleset = prepareHost(dataplane).ruleset(site.file.family);
    const reachable = reachableRules(
      ruleset,
      dataplane.links.map((link) => link.name),
    );
    const isDead = (each: Rule): boolean => {
      const reason = this.#reasonOf(site.host, each);
      return reason !== null && !dependsOnOrder(reason);
    };
    return idle(ruleset, site.table, changed, reachable, isDead);
  }

  /** An earlier rule that every packet meets first and that ends all those that this one matches. */
  #shadowed(ruleset: Ruleset, site: FaultSite & { readonly of: "rule" }, rule: Rule): string | null {
    const chains = ruleset.tables.get(site.table);
    if (chains === undefined) return null;
    const original = ruleOfLine(site.line, site.file.family);
    const demands: Match[] = [...rule.matches];
    let chain = site.line.chain;
    let before: Rule = original;
    for (let depth = 0; depth < 12; depth++) {
      const rules = chains.get(chain)?.rules ?? [];
      for (const earlier of rules.slice(0, Math.max(0, rules.indexOf(before)))) {
        const group =
          earlier.target?.kind === "jump" && conditions(earlier).length === 0 ? (chains.get(earlier.target.chain)?.rules ?? []) : [earlier];
        for (const [at, each] of group.entries()) {
          // What a group returns earlier does not meet its later rules.
          if (group.slice(0, at).some(({ target }) => target?.kind === "return" || target?.kind === "goto")) break;
          if (isEnd(each) && each !== original && conditions(each).every((match) => demands.some((own) => equalMatch(own, match))))
            return "an earlier rule ends every packet that it would match";
        }
      }
      const callers = [...chains].flatMap(([name, called]) =>
        called.rules
          .filter(({ target }) => (target?.kind === "jump" || target?.kind === "goto") && target.chain === chain)
          .map((caller) => ({ name, caller })),
      );
      const [only] = callers;
      if (only === undefined || callers.length > 1) return null;
      demands.push(...only.caller.matches);
      chain = only.name;
      before = only.caller;
    }
    return null;
  }

  /** A changed source or destination that tells no two addresses of the cluster apart. */
  #sameRange(rule: Rule, changed: Rule): string | null {
    if (rule.matches.length !== changed.matches.length) return null;
    if (JSON.stringify(rule.target) !== JSON.stringify(changed.target)) return null;
    for (const [index, match] of rule.matches.entries()) {
      const other = changed.matches[index];
      if (other === undefined) return null;
      if (equalMatch(match, other)) continue;
      if ((match.kind !== "source" && match.kind !== "destination") || match.kind !== other.kind) return null;
      if (this.#addresses.some(({ ip }) => contains(match.cidr, ip) !== contains(other.cidr, ip))) return null;
    }
    return "no address of the cluster lies in what the two ranges differ in";
  }

  // Routes and sets ---------------------------------------------------------------------------------

  #route(fault: Fault, { host }: FaultSite & { readonly of: "route" }): string | null {
    const sound = prepareHost(this.#compilation.fabric.dataplane(host));
    const faulty = prepareHost(fault.fabric.dataplane(host));
    const way = (prepared: typeof sound, { ip }: Party): string => {
      const decision = decideRoute(prepared, ip, 0, null, null);
      return decision.kind === "unicast"
        ? `${decision.link} ${formatIp(decision.nextHop)} ${decision.route?.source == null ? "" : formatIp(decision.route.source)}`
        : decision.kind;
    };
    return this.#addresses.every((party) => way(sound, party) === way(faulty, party))
      ? "every address of the cluster is routed alike"
      : null;
  }

  #member(fault: Fault, { host, set, member }: FaultSite & { readonly of: "set member" }): string | null {
    const dataplane = this.#compilation.fabric.dataplane(host);
    const asking = [...prepareHost(dataplane).ruleset(set.family).tables.values()].flatMap((chains) =>
      [...chains.values()].flatMap((chain) =>
        chain.rules.filter((rule) => rule.matches.some((match) => match.kind === "set" && match.set === set.name)),
      ),
    );
    if (asking.every((rule) => this.#reasonOf(host, rule) !== null)) return "only rules that no packet comes to ask for the set";
    const faulty = fault.fabric.dataplane(host).ipsets.find((each) => each.name === set.name);
    if (faulty === undefined) return null;
    const [before, after] = [compileIpSet(set), compileIpSet(faulty)];
    const ports = [...set.members, ...faulty.members].map((each) => parseMember(set, each.text).ports);
    const differs = ({ ip }: Party): boolean =>
      ports.some((range) => {
        const port = range === null ? undefined : { protocol: range.protocol, port: range.first };
        return before.has(ip, port) !== after.has(ip, port);
      });
    const told = this.#addresses.filter(differs);
    if (told.length === 0) return "no address of the cluster lies in what the two sets differ in";
    const own = dataplane.addresses.map(({ address }) => address.ip);
    const isTunnelPeer = asking.every(
      (rule) =>
        rule.matches.some((match) => match.kind === "port" || match.kind === "multiport") &&
        rule.matches.some((match) => match.kind === "addrtype"),
    );
    if (isTunnelPeer && told.every(({ ip }) => own.some((address) => equalIp(address, ip))) && member.text !== "")
      return "a node sends no tunnelled packet to itself";
    return null;
  }
}

function conditions(rule: Rule): readonly Match[] {
  return rule.matches.filter((match) => match.kind !== "comment");
}

function equalMatch(x: Match, y: Match): boolean {
  return JSON.stringify(x) === JSON.stringify(y);
}

function sameMatches(x: Rule, y: Rule): boolean {
  const [a, b] = [conditions(x), conditions(y)];
  return a.length === b.length && a.every((match, index) => b[index] !== undefined && equalMatch(match, b[index]));
}

function isEnd({ target }: Rule): boolean {
  return target?.kind === "accept" || target?.kind === "drop" || target?.kind === "reject";
}

function idle(ruleset: Ruleset, table: TableName, rule: Rule, reachable: Reachable, isDead: (rule: Rule) => boolean, depth = 0): boolean {
  if (!reachable.matchable.has(rule)) return true;
  const { target } = rule;
  switch (target?.kind) {
    case undefined:
    case "log":
      return true;
    case "mark":
      return [...(reachable.marks.get(rule) ?? [])].every((mark) => ((mark & ~target.mask) ^ target.value) >>> 0 === mark);
    case "jump":
      return (
        depth < 12 &&
        (ruleset.tables.get(table)?.get(target.chain)?.rules ?? []).every(
          (each) => isDead(each) || idle(ruleset, table, each, reachable, isDead, depth + 1),
        )
      );
    default:
      return false;
  }
}

/** Two neighbours that may stand in either order. */
function commute(x: Rule, y: Rule): string | null {
  if (disjoint(x, y)) return "no packet matches both rules";
  if (JSON.stringify(x.target) === JSON.stringify(y.target) && isEnd(x)) return "both rules end a packet in the same way";
  const marks = [x, y].filter(({ target }) => target?.kind === "mark");
  const ends = [x, y].filter(({ target }) => target?.kind === "drop" || target?.kind === "reject");
  const asksForMark = (rule: Rule): boolean => rule.matches.some((match) => match.kind === "mark");
  if (marks.length === 1 && ends.length === 1 && !asksForMark(ends[0] ?? x)) return "a packet that is dropped needs no mark";
  if (marks.length === 2 && !asksForMark(x) && !asksForMark(y) && x.target?.kind === "mark" && y.target?.kind === "mark") {
    const [a, b] = [x.target, y.target];
    const both = a.mask & b.mask;
    if ((a.value & both) === (b.value & both) && (a.value & ~a.mask) === 0 && (b.value & ~b.mask) === 0)
      return "both rules leave the same mark";
  }
  return null;
}

/** Whether some field is asked for with values that exclude each other. */
function disjoint(x: Rule, y: Rule): boolean {
  return x.matches.some((a) =>
    y.matches.some((b) => {
      switch (a.kind) {
        case "protocol":
          return (
            b.kind === "protocol" &&
            (a.negated || b.negated ? a.protocol === b.protocol && a.negated !== b.negated : a.protocol !== b.protocol)
          );
        case "source":
        case "destination":
          return b.kind === a.kind && !a.negated && !b.negated && !contains(a.cidr, b.cidr.ip) && !contains(b.cidr, a.cidr.ip);
        case "in-interface":
        case "out-interface":
          return b.kind === a.kind && !a.negated && !b.negated && !a.name.endsWith("+") && !b.name.endsWith("+") && a.name !== b.name;
        case "port":
          return b.kind === "port" && a.side === b.side && !a.negated && !b.negated && (a.last < b.first || b.last < a.first);
        case "mark":
          return (
            b.kind === "mark" &&
            ((!a.negated && !b.negated && a.mask === b.mask && a.value !== b.value) ||
              (a.negated !== b.negated && a.mask === b.mask && a.value === b.value))
          );
        case "set":
          return b.kind === "set" && a.set === b.set && a.sides.join() === b.sides.join() && a.negated !== b.negated;
        default:
          return false;
      }
    }),
  );
}
