/** The compiler's public door: what the tests of several packages, the language server and programs of others may use. */
export { checkSource, Compilation } from "./compilation/compilation.ts";
export type { Checked } from "./compilation/compilation.ts";
export { assembleFabric, manifestsOf, nodeId, podId } from "./components/assemble.ts";
export { artifactFiles, hostFiles, printedFiles } from "./artifacts/artifacts.ts";
export type { ArtifactFile, PrintedFile } from "./artifacts/artifacts.ts";
export { defaultSize, defaultSourcePort, everyJourney, travel } from "./simulate/journey.ts";
export type { Probe } from "./simulate/journey.ts";
export type { Journey, Observation, Step, Verdict } from "./simulate/steps.ts";
export { verify } from "./verify/verify.ts";
export type { AssertionResult, Disagreement, Flow, Scenario, VerifyReport } from "./verify/types.ts";
export { intendedOutcomes, simulatedOutcomes } from "./verify/agreement.ts";
export type { Fabric, Host } from "./fabric/types.ts";
export type { Dataplane } from "./dataplane/types.ts";
export type * from "./model/types.ts";
export { labSupport } from "./lab/support.ts";
export { openLab } from "./lab/lab.ts";
export type { Lab, Probe as LabProbe } from "./lab/lab.ts";
export type { ProbeResult as LabProbeResult } from "./lab/observe.ts";
