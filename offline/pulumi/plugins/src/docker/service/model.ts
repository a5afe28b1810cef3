import type * as docker from "@pulumi/docker";
import type { ResourceModel, Traits } from "../../model/model";
import { bool, map, num, object, objects, str } from "../../model/model";
import { isAbsent, isMap, textOf } from "../../protocol/values";
import type { Value } from "../../protocol/values";
import { labelSet } from "../labels";
import type { Plain } from "../resource";
import { containerSpec } from "./containerModel";
import { refuseNonDuration, sameDuration } from "./duration";
import { oneOf } from "./validators";

export type ServiceArgs = Plain<docker.ServiceArgs>;
type TaskSpec = ServiceArgs["taskSpec"];
type UpdateConfig = NonNullable<ServiceArgs["updateConfig"]>;

const duration = (traits: Traits = {}) =>
  str({ refuse: refuseNonDuration, sameAs: sameDuration, ...traits });

/** How updates and rollbacks go; they differ in what may be done about failures. */
const rollout = (...failureActions: string[]) =>
  object<UpdateConfig>({
    delay: duration({ default: "0s" }),
    failureAction: str({ default: "pause", refuse: oneOf(...failureActions) }),
    maxFailureRatio: str({
      default: "0.0",
      refuse: refuseNonRatio,
      sameAs: (a, b) => Number(a) === Number(b),
    }),
    monitor: duration({ default: "5s" }),
    order: str({ default: "stop-first", refuse: oneOf("stop-first", "start-first") }),
    parallelism: num({ default: 1 }),
  });

const taskSpec = object<TaskSpec>(
  {
    containerSpec,
    forceUpdate: num({ computed: true }),
    logDriver: object({ name: str({ required: true }), options: map() }),
    networksAdvanceds: objects(
      "set",
      {
        aliases: { kind: "set", replaces: true },
        driverOpts: { kind: "set", replaces: true },
        id: str({ replaces: true }),
        name: str({ replaces: true }),
      },
      { rawName: "networks_advanced" },
    ),
    placement: object(
      {
        constraints: { kind: "set" },
        maxReplicas: num(),
        platforms: objects("set", {
          architecture: str({ required: true }),
          os: str({ required: true }),
        }),
        prefs: { kind: "set" },
      },
      { computed: true },
    ),
    resources: object(
      {
        limits: object({ memoryBytes: num(), nanoCpus: num() }),
        reservation: object({
          genericResources: object({
            discreteResourcesSpecs: { kind: "set" },
            namedResourcesSpecs: { kind: "set" },
          }),
          memoryBytes: num(),
          nanoCpus: num(),
        }),
      },
      { computed: true },
    ),
    restartPolicy: object(
      {
        condition: str({ refuse: oneOf("none", "on-failure", "any") }),
        delay: duration(),
        maxAttempts: num(),
        window: duration(),
      },
      { computed: true },
    ),
    runtime: str({ computed: true, refuse: oneOf("container") }),
  },
  { required: true },
);

/** `docker.Service`, as kreuzwerker/terraform-provider-docker's resource_docker_service.go describes it. */
export const serviceModel: ResourceModel<ServiceArgs> = {
  title: "Service",
  autonamed: true,
  meta: '{"schema_version":"2"}',
  inputs: {
    auth: object(
      {
        password: str({ secret: true, replaces: true }),
        serverAddress: str({ required: true, replaces: true }),
        username: str({ replaces: true }),
      },
      { replaces: true },
    ),
    convergeConfig: object({
      delay: duration({ default: "7s" }),
      timeout: duration({ default: "3m" }),
    }),
    endpointSpec: object(
      {
        mode: str({ computed: true, refuse: oneOf("vip", "dnsrr") }),
        ports: objects("list", {
          name: str(),
          protocol: str({ default: "tcp", refuse: oneOf("tcp", "udp", "sctp") }),
          publishMode: str({ default: "ingress", refuse: oneOf("host", "ingress") }),
          publishedPort: num({ computed: true }),
          targetPort: num({ required: true }),
        }),
      },
      { computed: true },
    ),
    labels: labelSet("update", { computed: true }),
    mode: object(
      {
        global: bool({ implied: false, replaces: true }),
        replicated: object({ replicas: num({ default: 1 }) }, { computed: true, replaces: true }),
      },
      { computed: true, replaces: true },
    ),
    name: str({ replaces: true }),
    rollbackConfig: rollout("pause", "continue"),
    taskSpec,
    updateConfig: rollout("pause", "continue", "rollback"),
  },
  outputs: {},
  rules: ({ mode, convergeConfig }) => {
    const isGlobal = isMap(mode) && mode.global === true;
    return [
      isGlobal && !isAbsent(convergeConfig)
        ? "'mode.global' conflicts with 'convergeConfig': only replicated services can be waited for"
        : "",
      isGlobal && !isAbsent(mode.replicated)
        ? "'mode.global' conflicts with 'mode.replicated'"
        : "",
    ].filter((reason) => reason !== "");
  },
};

function refuseNonRatio(value: Value): string | undefined {
  const ratio = Number(value);
  return ratio >= 0 && ratio <= 1 ? undefined : `'${textOf(value)}' has to be between 0.0 and 1.0`;
}
