/** Everything the shipper can be told from outside. */
export interface Config {
  readonly logstash: { readonly host: string; readonly port: number };
  /** The node's name, which lines are told by. */
  readonly node: string;
  /** Where the engine keeps its containers' output. */
  readonly containers: string;
  /** The file of the positions. */
  readonly checkpoint: string;
}

/** @throws Error that names the variable and the remedy */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const required = (name: string, meaning: string): string => {
    const value = environment[name];
    if (!value) throw new Error(`${name} is missing: set it to ${meaning}`);
    return value;
  };
  return {
    logstash: { host: required("LOGSTASH_HOST", "the host that takes JSON lines"), port: 9000 },
    node: required("NODE_NAME", "the name of this node"),
    containers: "/var/lib/docker/containers",
    checkpoint: "/var/lib/log-shipper/positions.json",
  };
}
