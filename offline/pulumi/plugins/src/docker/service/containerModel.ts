import { bool, map, num, object, objects, str, strings } from "../../model/model";
import type { ObjectProperty } from "../../model/model";
import { labelSet } from "../labels";
import { refuseNonDuration, sameDuration } from "./duration";
import type { ServiceArgs } from "./model";
import { oneOf } from "./validators";

type ContainerSpec = ServiceArgs["taskSpec"]["containerSpec"];
type Mount = NonNullable<ContainerSpec["mounts"]>[number];
type Privileges = NonNullable<ContainerSpec["privileges"]>;

/** Secrets and configs are put into a container as files with the same defaults. */
const file = {
  fileGid: str({ default: "0" }),
  fileMode: num({ default: 0o444 }),
  fileName: str({ required: true }),
  fileUid: str({ default: "0" }),
} as const;

const mounts = objects<Mount>("set", {
  bindOptions: object({
    propagation: str({
      default: "rprivate",
      refuse: oneOf("private", "rprivate", "shared", "rshared", "slave", "rslave"),
    }),
  }),
  readOnly: bool(),
  source: str(),
  target: str({ required: true }),
  tmpfsOptions: object({ mode: num(), sizeBytes: num() }),
  type: str({ required: true, refuse: oneOf("bind", "volume", "tmpfs") }),
  volumeOptions: object({
    driverName: str(),
    driverOptions: map(),
    labels: labelSet("replace"),
    noCopy: bool(),
  }),
});

const privileges = object<Privileges>({
  credentialSpec: object({ file: str(), registry: str() }),
  seLinuxContext: object(
    { disable: bool(), level: str(), role: str(), type: str(), user: str() },
    { rawName: "se_linux_context" },
  ),
});

const goDuration = str({ default: "0s", refuse: refuseNonDuration, sameAs: sameDuration });

/** What runs in a task. */
export const containerSpec: ObjectProperty<ContainerSpec> = object<ContainerSpec>(
  {
    args: strings("list"),
    capAdds: strings("list", { rawName: "cap_add" }),
    capDrops: strings("list", { rawName: "cap_drop" }),
    commands: strings("list", { rawName: "command" }),
    configs: objects("set", { configId: str({ required: true }), configName: str(), ...file }),
    dir: str(),
    dnsConfig: object(
      {
        nameservers: strings("list", { required: true }),
        options: strings("list"),
        searches: strings("list", { rawName: "search" }),
      },
      { computed: true },
    ),
    env: map(),
    groups: strings("list"),
    healthcheck: object(
      {
        interval: goDuration,
        retries: num({ default: 0 }),
        startPeriod: goDuration,
        tests: strings("list", { rawName: "test" }),
        timeout: goDuration,
      },
      { computed: true },
    ),
    hostname: str(),
    hosts: objects(
      "set",
      {
        host: str({ required: true, replaces: true }),
        ip: str({ required: true, replaces: true }),
      },
      { replaces: true },
    ),
    image: str({ required: true, sameAs: (given, live) => live.startsWith(`${given}@sha256:`) }),
    init: bool({ computed: true }),
    isolation: str({ default: "default", refuse: oneOf("default", "process", "hyperv") }),
    labels: labelSet("replace"),
    mounts,
    privileges,
    readOnly: bool(),
    secrets: objects("set", { secretId: str({ required: true }), secretName: str(), ...file }),
    stopGracePeriod: str({ computed: true, refuse: refuseNonDuration, sameAs: sameDuration }),
    stopSignal: str(),
    sysctl: map({ replaces: true }),
    user: str(),
  },
  { required: true },
);
