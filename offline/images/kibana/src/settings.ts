/** What the official image's variables say, as far as the stand-in knows them. */
export interface Settings {
  /** Where Elasticsearch answers. */
  readonly elasticsearch: URL;
  /** The path before every page, without a slash at its end; may be empty. */
  readonly basePath: string;
}

/** @throws Error that names the variable and what it should be */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const hosts = environment["ELASTICSEARCH_HOSTS"] ?? "http://elasticsearch:9200";
  const basePath = environment["SERVER_BASEPATH"] ?? "";
  if (!URL.canParse(hosts)) throw new Error(`ELASTICSEARCH_HOSTS must be one URL, got "${hosts}"`);
  if (!/^(\/[A-Za-z0-9._~-]+)*$/.test(basePath)) {
    throw new Error(`SERVER_BASEPATH must be like "/kibana", got "${basePath}"`);
  }
  return { elasticsearch: new URL(hosts), basePath };
}
