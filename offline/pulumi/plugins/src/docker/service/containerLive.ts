import type { Value } from "../../protocol/values";
import type { ContainerSpec, DnsConfig, FileTarget, Mount, Privileges } from "../engine/types";
import { fromLabelMap } from "../labels";
import { formatDuration } from "./duration";

/** What runs in a task, as the engine has it, in the state's form. */
export function containerState(container: ContainerSpec): Value {
  const health = container.Healthcheck;
  return {
    args: container.Args ?? [],
    capAdds: container.CapabilityAdd ?? [],
    capDrops: container.CapabilityDrop ?? [],
    commands: container.Command ?? [],
    configs: (container.Configs ?? []).map((config) => ({
      configId: config.ConfigID,
      configName: config.ConfigName ?? "",
      ...fileState(config.File),
    })),
    dir: container.Dir ?? "",
    dnsConfig: dnsState(container.DNSConfig ?? {}),
    env: Object.fromEntries((container.Env ?? []).map(splitVariable)),
    groups: container.Groups ?? [],
    healthcheck: {
      interval: formatDuration(health?.Interval ?? 0),
      retries: health?.Retries ?? 0,
      startPeriod: formatDuration(health?.StartPeriod ?? 0),
      tests: health?.Test ?? [],
      timeout: formatDuration(health?.Timeout ?? 0),
    },
    hostname: container.Hostname ?? "",
    hosts: (container.Hosts ?? []).map((entry) => {
      const [ip = "", host = ""] = entry.split(" ");
      return { host, ip };
    }),
    image: container.Image,
    init: container.Init ?? false,
    isolation: container.Isolation ?? "default",
    labels: fromLabelMap(container.Labels),
    mounts: (container.Mounts ?? []).map(mountState),
    privileges: container.Privileges ? privilegesState(container.Privileges) : null,
    readOnly: container.ReadOnly ?? false,
    secrets: (container.Secrets ?? []).map((secret) => ({
      secretId: secret.SecretID,
      secretName: secret.SecretName ?? "",
      ...fileState(secret.File),
    })),
    stopGracePeriod: formatDuration(container.StopGracePeriod ?? 0),
    stopSignal: container.StopSignal ?? "",
    sysctl: container.Sysctls ?? {},
    user: container.User ?? "",
  };
}

/** Of a DNS configuration that says nothing at all the real plugin's state shows nothing, not empty lists. */
function dnsState(dns: DnsConfig): Value {
  const isSet = [dns.Nameservers, dns.Options, dns.Search].some((list) => list && list.length > 0);
  const list = (values: string[] | undefined) => (isSet ? (values ?? []) : null);
  return {
    nameservers: list(dns.Nameservers),
    options: list(dns.Options),
    searches: list(dns.Search),
  };
}

function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf("=");
  return at < 0 ? [variable, ""] : [variable.slice(0, at), variable.slice(at + 1)];
}

function fileState(file: FileTarget | undefined) {
  return {
    fileGid: file?.GID ?? "",
    fileMode: file?.Mode ?? 0,
    fileName: file?.Name ?? "",
    fileUid: file?.UID ?? "",
  };
}

function mountState(mount: Mount): Value {
  const { BindOptions: bind, VolumeOptions: volume, TmpfsOptions: tmpfs } = mount;
  return {
    bindOptions: bind ? { propagation: bind.Propagation ?? "" } : null,
    readOnly: mount.ReadOnly ?? false,
    source: mount.Source ?? "",
    target: mount.Target,
    tmpfsOptions: tmpfs ? { mode: tmpfs.Mode ?? 0, sizeBytes: tmpfs.SizeBytes ?? 0 } : null,
    type: mount.Type,
    volumeOptions: volume
      ? {
          driverName: volume.DriverConfig?.Name ?? "",
          driverOptions: volume.DriverConfig?.Options ?? {},
          labels: fromLabelMap(volume.Labels),
          noCopy: volume.NoCopy ?? false,
        }
      : null,
  };
}

function privilegesState({ CredentialSpec: spec, SELinuxContext: context }: Privileges): Value {
  return {
    credentialSpec: spec ? { file: spec.File ?? "", registry: spec.Registry ?? "" } : null,
    seLinuxContext: context
      ? {
          disable: context.Disable ?? false,
          level: context.Level ?? "",
          role: context.Role ?? "",
          type: context.Type ?? "",
          user: context.User ?? "",
        }
      : null,
  };
}
