/** Both judges on one flow: what the generated rules do, held against what the specifications say. */
import type { Ip, Transport } from "@knet/language/values";
import { defaultSize, defaultSourcePort, everyJourney } from "../simulate/journey.ts";
import { agree, endsOf, simulatedWords } from "../verify/agreement.ts";
import type { IntendedEnds } from "../verify/agreement.ts";
import type { Disagreement, Flow, Scenario } from "../verify/types.ts";
import type { Fabric } from "../fabric/types.ts";
import type { Member } from "./classes.ts";

/** Whose network namespace got the request and answered or refused it, and on which port. */
export interface Served {
  /** Host id: for a pod on the host network that of its node. */
  readonly server: string;
  readonly port: number;
}

export class Judges {
  readonly disagreements = new Map<string, Disagreement>();
  /** Why the specifications leave flows open. */
  readonly doubts = new Set<string>();
  compared = 0;
  asked = 0;
  readonly #scenario: Scenario;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** Every end that random choices on the way allow; what nobody got is left out. */
  ask(from: Member, to: Member, address: Ip, protocol: Transport, port: number): readonly Served[] {
    this.asked++;
    const { fabric, intent } = this.#scenario;
    const journeys = everyJourney(fabric, {
      from: from.host,
      src: null,
      dst: address,
      protocol,
      dport: port,
      sport: defaultSourcePort,
      size: defaultSize,
    });
    const flow: Flow = {
      from: { host: from.host, name: from.name, addresses: from.addresses, classKey: from.host },
      to: { name: to.name, address, host: to.host, classKey: to.host, offers: [] },
      protocol,
      port,
    };
    const answer = intent.ask({ from: from.host, dst: address, protocol, port });
    for (const doubt of answer.unspecified?.split("; ") ?? []) this.doubts.add(doubt);
    const intended = endsOf(answer);
    if (intended !== null) {
      this.compared++;
      if (!agree(intended.ends, journeys)) this.#disagree(flow, intended, journeys);
    }
    return journeys.flatMap(({ verdict, server, serverPort }) =>
      (verdict === "delivered" || verdict === "refused") && server !== null && serverPort !== null
        ? [{ server: namespaceOf(fabric, server), port: serverPort }]
        : [],
    );
  }

  #disagree(flow: Flow, intended: IntendedEnds, journeys: Disagreement["journeys"]): void {
    const key = `${flow.from.name} ${flow.to.name} ${flow.to.address.family} ${flow.protocol}`;
    if (this.disagreements.has(key)) return;
    this.disagreements.set(key, {
      flow,
      failures: null,
      simulated: simulatedWords(journeys).join(", "),
      intended: `${intended.words.join(", ")} (${intended.reasons.join("; ")})`,
      journeys,
    });
  }
}

function namespaceOf(fabric: Fabric, id: string): string {
  const host = fabric.host(id);
  return host !== undefined && host.sharesParent && host.parent !== null ? host.parent : id;
}
