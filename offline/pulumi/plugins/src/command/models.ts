import type * as command from "@pulumi/command";
import type { Unwrap } from "@pulumi/pulumi";
import { textOf } from "../protocol/values";
import type { Fields, ResourceModel } from "../model/model";
import { bool, map, num, object, str, strings } from "../model/model";

export type LocalArgs = Unwrap<command.local.CommandArgs>;
export type RunArgs = Unwrap<command.local.RunArgs>;
export type RemoteArgs = Unwrap<command.remote.CommandArgs>;
export type CopyArgs = Unwrap<command.remote.CopyToRemoteArgs>;
export type Connection = RemoteArgs["connection"];
export type ProxyConnection = NonNullable<Connection["proxy"]>;

const LOGGING = ["stdout", "stderr", "stdoutAndStderr", "none"];

const logging = str({
  refuse: (value) =>
    LOGGING.includes(textOf(value)) ? undefined : `must be one of ${LOGGING.join(", ")}`,
});

const refusedPaths = strings("list", {
  refuse: () => "reading files back as assets is not supported by the offline plugin",
});

/** What a command that runs here may be told, whether it is a resource's or a function's. */
const localRun = {
  addPreviousOutputInEnv: bool(),
  archivePaths: refusedPaths,
  assetPaths: refusedPaths,
  dir: str(),
  environment: map(),
  interpreter: strings("list"),
  logging,
  stdin: str(),
} as const;

/** What a resource does in its life. */
const lifecycle = {
  create: str(),
  delete: str(),
  update: str(),
  triggers: { kind: "list" },
} as const;

const host: Fields<ProxyConnection> = {
  agentSocketPath: str(),
  dialErrorLimit: num({ default: 10 }),
  host: str({ required: true }),
  hostKey: str(),
  password: str({ secret: true }),
  perDialTimeout: num({ default: 15 }),
  port: num({ default: 22 }),
  privateKey: str({ secret: true }),
  privateKeyPassword: str({ secret: true }),
  user: str({ default: "root" }),
};

const connection = object<Connection>(
  { ...host, proxy: object<ProxyConnection>(host) },
  { required: true, secret: true },
);

/** `command.local.Command`. */
export const localCommandModel: ResourceModel<LocalArgs> = {
  title: "Command",
  autonamed: false,
  inputs: { ...localRun, ...lifecycle },
  outputs: { stderr: str(), stdout: str() },
};

/** `command.local.run`. */
export const localRunModel: ResourceModel<RunArgs> = {
  title: "run",
  autonamed: false,
  inputs: { ...localRun, command: str({ required: true }) },
  outputs: { stderr: str(), stdout: str() },
};

/** `command.remote.Command`. */
export const remoteCommandModel: ResourceModel<RemoteArgs> = {
  title: "Command",
  autonamed: false,
  inputs: {
    addPreviousOutputInEnv: bool(),
    connection,
    environment: map(),
    logging,
    stdin: str(),
    ...lifecycle,
  },
  outputs: { stderr: str(), stdout: str() },
};

/** `command.remote.CopyToRemote`. */
export const copyModel: ResourceModel<CopyArgs> = {
  title: "CopyToRemote",
  autonamed: false,
  inputs: {
    connection,
    remotePath: str({ required: true }),
    source: { kind: "asset", required: true },
    triggers: { kind: "list" },
  },
  outputs: {},
};
