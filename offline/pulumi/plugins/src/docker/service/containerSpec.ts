import type { ContainerSpec, FileTarget, Mount, Privileges } from "../engine/types";
import { toLabelMap } from "../labels";
import { parseDuration } from "./duration";
import type { ServiceArgs } from "./model";

type Container = ServiceArgs["taskSpec"]["containerSpec"];

/** The engine's spec for what runs in a task; for `current` see {@link serviceSpecOf}. */
export function containerSpecOf(
  container: Container,
  current: ContainerSpec | undefined,
): ContainerSpec {
  return {
    Image: container.image,
    Labels: toLabelMap(container.labels),
    Command: container.commands,
    Args: container.args,
    Hostname: container.hostname,
    Env: container.env && envOf(container.env),
    Dir: container.dir,
    User: container.user,
    Groups: container.groups,
    Privileges: container.privileges && privilegesOf(container.privileges),
    Init: container.init ?? current?.Init ?? false,
    ReadOnly: container.readOnly,
    Mounts: container.mounts?.map(mountOf),
    StopSignal: container.stopSignal,
    // Nothing given is no grace at all: as with the real plugin.
    StopGracePeriod:
      container.stopGracePeriod === undefined
        ? (current?.StopGracePeriod ?? 0)
        : parseDuration(container.stopGracePeriod),
    Healthcheck: container.healthcheck
      ? {
          Test: container.healthcheck.tests,
          Interval: parseDuration(container.healthcheck.interval ?? ""),
          Timeout: parseDuration(container.healthcheck.timeout ?? ""),
          StartPeriod: parseDuration(container.healthcheck.startPeriod ?? ""),
          Retries: container.healthcheck.retries,
        }
      : (current?.Healthcheck ?? {}),
    Hosts: container.hosts?.map(({ host, ip }) => `${ip} ${host}`),
    DNSConfig: container.dnsConfig
      ? {
          Nameservers: container.dnsConfig.nameservers,
          Search: container.dnsConfig.searches,
          Options: container.dnsConfig.options,
        }
      : (current?.DNSConfig ?? {}),
    Secrets: container.secrets?.map((secret) => ({
      SecretID: secret.secretId,
      SecretName: secret.secretName,
      File: fileOf(secret),
    })),
    Configs: container.configs?.map((config) => ({
      ConfigID: config.configId,
      ConfigName: config.configName,
      File: fileOf(config),
    })),
    Isolation: container.isolation,
    Sysctls: container.sysctl,
    CapabilityAdd: container.capAdds,
    CapabilityDrop: container.capDrops,
  };
}

/** Sorted, so that the same variables always make the same spec. */
function envOf(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}

function fileOf(file: {
  readonly fileName: string;
  readonly fileUid?: string;
  readonly fileGid?: string;
  readonly fileMode?: number;
}): FileTarget {
  return {
    Name: file.fileName,
    UID: file.fileUid ?? "0",
    GID: file.fileGid ?? "0",
    Mode: file.fileMode ?? 0o444,
  };
}

function mountOf(mount: NonNullable<Container["mounts"]>[number]): Mount {
  const { bindOptions, volumeOptions, tmpfsOptions } = mount;
  return {
    Type: mount.type,
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly,
    BindOptions: bindOptions && { Propagation: bindOptions.propagation },
    VolumeOptions: volumeOptions && {
      NoCopy: volumeOptions.noCopy,
      Labels: toLabelMap(volumeOptions.labels),
      DriverConfig:
        volumeOptions.driverName || volumeOptions.driverOptions
          ? { Name: volumeOptions.driverName, Options: volumeOptions.driverOptions }
          : undefined,
    },
    TmpfsOptions: tmpfsOptions && { SizeBytes: tmpfsOptions.sizeBytes, Mode: tmpfsOptions.mode },
  };
}

function privilegesOf(privileges: NonNullable<Container["privileges"]>): Privileges {
  const { credentialSpec, seLinuxContext } = privileges;
  return {
    CredentialSpec: credentialSpec && {
      File: credentialSpec.file,
      Registry: credentialSpec.registry,
    },
    SELinuxContext: seLinuxContext && {
      Disable: seLinuxContext.disable,
      User: seLinuxContext.user,
      Role: seLinuxContext.role,
      Type: seLinuxContext.type,
      Level: seLinuxContext.level,
    },
  };
}
