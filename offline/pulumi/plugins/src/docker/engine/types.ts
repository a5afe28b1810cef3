/** What of the Docker Engine API (v1.41) the plugin reads and writes. Durations are nanoseconds. */

export interface IpamConfig {
  Subnet?: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Record<string, string>;
}
export interface Ipam {
  Driver?: string;
  Options?: Record<string, string> | null;
  Config?: IpamConfig[] | null;
}
export interface NetworkInspect {
  Id: string;
  Name: string;
  Driver: string;
  Scope: string;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  EnableIPv6: boolean;
  Labels: Record<string, string> | null;
  Options: Record<string, string> | null;
  IPAM: Ipam;
  Containers?: Record<
    string,
    {
      Name: string;
      EndpointID: string;
      MacAddress: string;
      IPv4Address: string;
      IPv6Address: string;
    }
  > | null;
}
export interface VolumeInspect {
  Name: string;
  Driver: string;
  Mountpoint: string;
  Labels: Record<string, string> | null;
  Options: Record<string, string> | null;
}
export interface ImageInspect {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
}
export interface DistributionInspect {
  Descriptor: { digest: string };
  Platforms: { architecture: string; os: string }[] | null;
}
/** Secrets and configs. */
export interface DataObject {
  ID: string;
  Spec: { Name: string; Labels: Record<string, string> | null; Data?: string };
}

export interface FileTarget {
  Name: string;
  UID: string;
  GID: string;
  Mode: number;
}
export interface SecretReference {
  SecretID: string;
  SecretName?: string;
  File?: FileTarget;
}
export interface ConfigReference {
  ConfigID: string;
  ConfigName?: string;
  File?: FileTarget;
}
export interface Mount {
  Type: string;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: { Propagation?: string };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string>;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
  };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}
export interface Healthcheck {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  Retries?: number;
}
export interface DnsConfig {
  Nameservers?: string[];
  Search?: string[];
  Options?: string[];
}
export interface Privileges {
  CredentialSpec?: { File?: string; Registry?: string } | null;
  SELinuxContext?: {
    Disable?: boolean;
    User?: string;
    Role?: string;
    Type?: string;
    Level?: string;
  } | null;
}
export interface ContainerSpec {
  Image: string;
  Labels?: Record<string, string>;
  Command?: string[];
  Args?: string[];
  Hostname?: string;
  Env?: string[];
  Dir?: string;
  User?: string;
  Groups?: string[];
  Privileges?: Privileges;
  Init?: boolean;
  ReadOnly?: boolean;
  Mounts?: Mount[];
  StopSignal?: string;
  StopGracePeriod?: number;
  Healthcheck?: Healthcheck;
  Hosts?: string[];
  DNSConfig?: DnsConfig;
  Secrets?: SecretReference[];
  Configs?: ConfigReference[];
  Isolation?: string;
  Sysctls?: Record<string, string>;
  CapabilityAdd?: string[];
  CapabilityDrop?: string[];
}
export interface GenericResource {
  NamedResourceSpec?: { Kind: string; Value: string };
  DiscreteResourceSpec?: { Kind: string; Value: number };
}
export interface Resources {
  Limits?: { NanoCPUs?: number; MemoryBytes?: number };
  Reservations?: {
    NanoCPUs?: number;
    MemoryBytes?: number;
    GenericResources?: GenericResource[] | null;
  };
}
export interface RestartPolicy {
  Condition?: string;
  Delay?: number;
  MaxAttempts?: number;
  Window?: number;
}
export interface Placement {
  Constraints?: string[];
  Preferences?: { Spread: { SpreadDescriptor: string } }[];
  MaxReplicas?: number;
  Platforms?: { Architecture: string; OS: string }[];
}
export interface NetworkAttachment {
  Target: string;
  Aliases?: string[];
  DriverOpts?: Record<string, string>;
}
export interface TaskSpec {
  ContainerSpec: ContainerSpec;
  Resources?: Resources;
  RestartPolicy?: RestartPolicy;
  Placement?: Placement;
  ForceUpdate?: number;
  Runtime?: string;
  Networks?: NetworkAttachment[];
  LogDriver?: { Name: string; Options?: Record<string, string> };
}
export interface UpdateConfig {
  Parallelism: number;
  Delay?: number;
  FailureAction?: string;
  Monitor?: number;
  MaxFailureRatio?: number;
  Order?: string;
}
export interface PortConfig {
  Name?: string;
  Protocol?: string;
  TargetPort?: number;
  PublishedPort?: number;
  PublishMode?: string;
}
export interface EndpointSpec {
  Mode?: string;
  Ports?: PortConfig[];
}
export interface ServiceMode {
  Replicated?: { Replicas?: number };
  Global?: object;
}
export interface ServiceSpec {
  Name: string;
  Labels?: Record<string, string>;
  TaskTemplate: TaskSpec;
  Mode?: ServiceMode;
  UpdateConfig?: UpdateConfig;
  RollbackConfig?: UpdateConfig;
  EndpointSpec?: EndpointSpec;
}
export interface UpdateStatus {
  State?: string;
  StartedAt?: string;
  Message?: string;
}
export interface ServiceInspect {
  ID: string;
  Version: { Index: number };
  Spec: ServiceSpec;
  Endpoint?: { Spec?: EndpointSpec; Ports?: PortConfig[] };
  UpdateStatus?: UpdateStatus;
}
export interface Task {
  ID: string;
  ServiceID: string;
  NodeID?: string;
  Slot?: number;
  Spec: TaskSpec;
  DesiredState: string;
  Status: {
    State: string;
    Err?: string;
    Message?: string;
    ContainerStatus?: { ContainerID?: string };
  };
}
export interface NodeInspect {
  ID: string;
  Status: { State: string };
}
