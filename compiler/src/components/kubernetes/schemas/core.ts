/** Namespace, Pod, Deployment, ConfigMap, ServiceAccount and the RBAC objects: the fields that knet's components write. */
import {
  annotations,
  array,
  boolean,
  clusterScoped,
  formatted,
  implies,
  integer,
  label,
  labelSelector,
  labels,
  namespaced,
  nonEmptySelector,
  object,
  oneOfStrings,
  port,
  portOrName,
  protocol,
  resource,
  someText,
  subdomain,
  text,
  without,
} from "./schema.ts";
import type { Schema } from "./schema.ts";

const seconds = integer(0, 2 ** 31 - 1);

const probe = object(
  {
    exec: object({ command: array(text, { minItems: 1 }) }, ["command"]),
    httpGet: object({ path: text, port: portOrName, scheme: oneOfStrings("HTTP", "HTTPS") }, ["port"]),
    initialDelaySeconds: seconds,
    periodSeconds: integer(1, 2 ** 31 - 1),
    timeoutSeconds: integer(1, 2 ** 31 - 1),
    successThreshold: integer(1, 2 ** 31 - 1),
    failureThreshold: integer(1, 2 ** 31 - 1),
  },
  [],
  { oneOf: [{ required: ["exec"] }, { required: ["httpGet"] }] },
);

const containerPort = object({ name: formatted("port-name"), containerPort: port, hostPort: port, protocol }, ["containerPort"]);

const quantities: Schema = { type: "object", additionalProperties: formatted("quantity") };

const container = object(
  {
    name: label,
    image: someText,
    imagePullPolicy: oneOfStrings("Always", "IfNotPresent", "Never"),
    command: array(text),
    args: array(text),
    env: array(object({ name: formatted("environment-name"), value: text }, ["name"]), { uniqueBy: ["name"] }),
    ports: array(containerPort, { uniqueBy: ["containerPort", "protocol"] }),
    resources: object({ limits: quantities, requests: quantities }),
    volumeMounts: array(object({ name: label, mountPath: someText, readOnly: boolean }, ["name", "mountPath"]), {
      uniqueBy: ["mountPath"],
    }),
    livenessProbe: probe,
    readinessProbe: probe,
    securityContext: object({
      allowPrivilegeEscalation: boolean,
      capabilities: object({ add: array(someText), drop: array(someText) }),
      readOnlyRootFilesystem: boolean,
    }),
  },
  ["name", "image"],
);

const nodeTerm = object(
  {
    matchExpressions: array(
      object(
        {
          key: formatted("qualified-name"),
          operator: oneOfStrings("In", "NotIn"),
          values: array(formatted("label-value"), { minItems: 1 }),
        },
        ["key", "operator", "values"],
      ),
      { minItems: 1 },
    ),
  },
  ["matchExpressions"],
);

const affinity = object({
  nodeAffinity: object({
    requiredDuringSchedulingIgnoredDuringExecution: object({ nodeSelectorTerms: array(nodeTerm, { minItems: 1 }) }, ["nodeSelectorTerms"]),
  }),
  podAntiAffinity: object({
    preferredDuringSchedulingIgnoredDuringExecution: array(
      object(
        { weight: integer(1, 100), podAffinityTerm: object({ labelSelector, topologyKey: formatted("qualified-name") }, ["topologyKey"]) },
        ["weight", "podAffinityTerm"],
      ),
    ),
  }),
});

const toleration = object({
  key: formatted("qualified-name"),
  operator: oneOfStrings("Exists", "Equal"),
  value: formatted("label-value"),
  effect: oneOfStrings("NoSchedule", "PreferNoSchedule", "NoExecute"),
});

const volume = object(
  {
    name: label,
    configMap: object({ name: subdomain, items: array(object({ key: formatted("config-key"), path: someText }, ["key", "path"])) }, [
      "name",
    ]),
  },
  ["name"],
);

const podSpec = object(
  {
    priorityClassName: subdomain,
    serviceAccountName: subdomain,
    hostNetwork: boolean,
    hostname: label,
    subdomain: label,
    dnsPolicy: oneOfStrings("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    dnsConfig: object({
      nameservers: array(formatted("ip"), { maxItems: 3, uniqueItems: true }),
      searches: array(subdomain, { maxItems: 32 }),
      options: array(object({ name: someText, value: text }, ["name"])),
    }),
    nodeSelector: labels,
    affinity,
    topologySpreadConstraints: array(
      object(
        {
          maxSkew: integer(1, 2 ** 31 - 1),
          topologyKey: formatted("qualified-name"),
          whenUnsatisfiable: oneOfStrings("DoNotSchedule", "ScheduleAnyway"),
          labelSelector,
        },
        ["maxSkew", "topologyKey", "whenUnsatisfiable"],
      ),
      { uniqueBy: ["topologyKey", "whenUnsatisfiable"] },
    ),
    tolerations: array(toleration),
    containers: array(container, { minItems: 1, uniqueBy: ["name"] }),
    volumes: array(volume, { uniqueBy: ["name"] }),
  },
  ["containers"],
  // Without a policy's servers a pod needs its own.
  implies(
    { properties: { dnsPolicy: { type: "string", const: "None" } }, required: ["dnsPolicy"] },
    { properties: { dnsConfig: { type: "object", properties: { nameservers: { type: "array", minItems: 1 } }, required: ["nameservers"] } }, required: ["dnsConfig"] },
  ),
);

/** A count, or a share in percent. */
const countOrShare: Schema = { anyOf: [integer(0, 2 ** 31 - 1), { type: "string", pattern: "^[0-9]+%$" }] };

const rule = object(
  { apiGroups: array(text, { minItems: 1 }), resources: array(someText, { minItems: 1 }), verbs: array(someText, { minItems: 1 }) },
  ["apiGroups", "resources", "verbs"],
);

const roleName = formatted("path-segment");
const rbacGroup = "rbac.authorization.k8s.io";

export const coreSchemas: readonly Schema[] = [
  resource("v1", "Namespace", clusterScoped(label), {}, []),
  resource("v1", "Pod", namespaced(subdomain), { spec: podSpec }, ["spec"]),
  resource(
    "apps/v1",
    "Deployment",
    namespaced(subdomain),
    {
      spec: object(
        {
          replicas: integer(0, 2 ** 31 - 1),
          strategy: object(
            {
              type: oneOfStrings("RollingUpdate", "Recreate"),
              rollingUpdate: object({ maxUnavailable: countOrShare, maxSurge: countOrShare }),
            },
            ["type"],
            implies({ properties: { type: { type: "string", const: "Recreate" } } }, without("rollingUpdate")),
          ),
          selector: nonEmptySelector,
          template: object({ metadata: object({ labels, annotations }, ["labels"]), spec: podSpec }, ["metadata", "spec"]),
        },
        ["selector", "template"],
        { selectsTemplate: true },
      ),
    },
    ["spec"],
  ),
  resource(
    "v1",
    "ConfigMap",
    namespaced(subdomain),
    { data: { type: "object", propertyNames: formatted("config-key"), additionalProperties: text } },
    [],
  ),
  resource("v1", "ServiceAccount", namespaced(subdomain), {}, []),
  resource(`${rbacGroup}/v1`, "ClusterRole", clusterScoped(roleName), { rules: array(rule) }, ["rules"]),
  resource(
    `${rbacGroup}/v1`,
    "ClusterRoleBinding",
    clusterScoped(roleName),
    {
      roleRef: object({ apiGroup: { type: "string", const: rbacGroup }, kind: { type: "string", const: "ClusterRole" }, name: roleName }, [
        "apiGroup",
        "kind",
        "name",
      ]),
      subjects: array(
        object({ kind: { type: "string", const: "ServiceAccount" }, name: subdomain, namespace: label }, ["kind", "name", "namespace"]),
      ),
    },
    ["roleRef"],
  ),
];
