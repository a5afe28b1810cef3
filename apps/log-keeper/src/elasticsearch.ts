import { Client, Unexpected } from "./client";
import type { Config } from "./config";
import { expired, rolloverHours, type BackingIndex } from "./expiry";
import { Repeats } from "./repeats";
import { DATA_STREAM, indexTemplate, TEMPLATE, WRITER, writerRole } from "./wanted";

/** Elasticsearch's high watermark here is 1 GB, and at 500 MB, the flood stage, nothing is written any more: `infra/logging`. */
const ENOUGH_MIB = 1024;

/** What kind of server it is. */
export interface Product {
  readonly standIn: boolean;
  readonly version: string;
}

/** Brings Elasticsearch to what the log needs. Each step looks first and tells, as a sentence, what it changed. */
export class Elasticsearch {
  private readonly client: Client;
  private readonly repeats: Repeats;

  constructor(private readonly config: Pick<Config, "elasticsearch" | "passwords" | "retention">) {
    this.client = this.as("elastic", config.passwords.elastic);
    this.repeats = new Repeats(this.client);
  }

  async product(): Promise<Product> {
    const { body } = await this.client.ask("GET", "/");
    const { version } = body as { version?: { number?: string; distribution?: string } };
    return {
      standIn: version?.distribution === "opensearch",
      version: version?.number ?? "unknown",
    };
  }

  /**
   * What a person should see to before lines have no room left; undefined where there is enough.
   * Node statistics: elastic.co/docs/api, operation nodes-stats, `fs.total`
   */
  async lackOfRoom(): Promise<string | undefined> {
    const { body } = await this.client.ask("GET", "/_nodes/stats/fs");
    const { nodes } = body as {
      nodes: Record<string, { fs?: { total?: { available_in_bytes?: number } } }>;
    };
    const left = Object.values(nodes).map(({ fs }) => fs?.total?.available_in_bytes ?? Infinity);
    const mebibytes = Math.floor(Math.min(...left) / 1024 / 1024);
    if (mebibytes >= ENOUGH_MIB) return undefined;
    return (
      `Elasticsearch has ${mebibytes} MiB of disk left, and takes no lines below 500: they wait where they come from. ` +
      `Make room on the logger, or keep lines for a shorter time (logRetention)`
    );
  }

  async ensure({ standIn }: Product): Promise<string[]> {
    return [
      ...(await this.ensureTemplate(standIn)),
      ...(await this.ensureDataStream()),
      // Nobody can write before: the first line would make an index without the template.
      ...(await this.ensureUsers()),
      ...(standIn ? await this.expire() : await this.ensureLifecycle()),
      ...(await this.repeats.remove(await this.backingIndices(), Date.now())),
    ];
  }

  private async ensureUsers(): Promise<string[]> {
    const { kibana, writer } = this.config.passwords;
    const done: string[] = [];
    if (!(await this.isRight("kibana_system", kibana))) {
      const path = "/_security/user/kibana_system/_password";
      await this.client.ask("POST", path, { password: kibana });
      done.push("gave kibana_system its password");
    }
    const role = await this.client.ask("GET", `/_security/role/${WRITER}`, undefined, [404]);
    if (role.status === 404 || !isRole((role.body as Record<string, unknown>)[WRITER])) {
      await this.client.ask("PUT", `/_security/role/${WRITER}`, writerRole);
      done.push(`set the role ${WRITER}`);
    }
    if (!(await this.isRight(WRITER, writer))) {
      await this.client.ask("PUT", `/_security/user/${WRITER}`, {
        password: writer,
        roles: [WRITER],
      });
      done.push(`set the user ${WRITER}`);
    }
    return done;
  }

  private async isRight(user: string, password: string): Promise<boolean> {
    const path = "/_security/_authenticate";
    return (await this.as(user, password).ask("GET", path, undefined, [401])).status !== 401;
  }

  private async ensureTemplate(standIn: boolean): Promise<string[]> {
    const wanted = indexTemplate(standIn ? undefined : this.config.retention);
    const path = `/_index_template/${TEMPLATE}`;
    const { body } = await this.client.ask("GET", path, undefined, [404]);
    const found = (
      body as { index_templates?: { index_template: { _meta?: { keeper?: string } } }[] }
    ).index_templates?.[0];
    if (found?.index_template._meta?.keeper === wanted._meta.keeper) return [];
    await this.client.ask("PUT", path, wanted);
    return ["set the index template"];
  }

  /** Before the first line: an index made by that line without the template would stand in its way. */
  private async ensureDataStream(): Promise<string[]> {
    const path = `/_data_stream/${DATA_STREAM}`;
    if ((await this.client.ask("GET", path, undefined, [404])).status !== 404) return [];
    await this.client.ask("PUT", path);
    return ["made the data stream"];
  }

  /** A template's lifecycle is for data streams to come. */
  private async ensureLifecycle(): Promise<string[]> {
    const path = `/_data_stream/${DATA_STREAM}/_lifecycle`;
    const { body } = await this.client.ask("GET", path);
    const { data_streams: streams } = body as {
      data_streams?: { lifecycle?: { data_retention?: string } }[];
    };
    const { retention } = this.config;
    if (streams?.[0]?.lifecycle?.data_retention === retention) return [];
    await this.client.ask("PUT", path, { data_retention: retention });
    return [`set the retention to ${retention}`];
  }

  private async expire(): Promise<string[]> {
    const { retention } = this.config;
    const done: string[] = [];
    const { body } = await this.client.ask("POST", `/${DATA_STREAM}/_rollover`, {
      conditions: { max_age: `${rolloverHours(retention)}h`, max_size: "1gb" },
    });
    if ((body as { rolled_over?: boolean }).rolled_over) done.push("began a new index");
    for (const name of expired(await this.backingIndices(), retention, Date.now())) {
      await this.client.ask("DELETE", `/${name}`, undefined, [404]);
      done.push(`deleted ${name}, which is older than ${retention}`);
    }
    return done;
  }

  private async backingIndices(): Promise<BackingIndex[]> {
    const streams = (await this.client.ask("GET", `/_data_stream/${DATA_STREAM}`)).body as {
      data_streams: { indices: { index_name: string }[] }[];
    };
    const settings = (await this.client.ask("GET", `/${DATA_STREAM}/_settings/index.creation_date`))
      .body as Record<string, { settings: { index: { creation_date: string } } }>;
    return (streams.data_streams[0]?.indices ?? []).map(({ index_name: name }) => {
      const created = settings[name]?.settings.index.creation_date;
      if (created === undefined) throw new Unexpected(`the index ${name} has no date`);
      return { name, created: Number(created) };
    });
  }

  private as(user: string, password: string): Client {
    return new Client("Elasticsearch", this.config.elasticsearch, user, password);
  }
}

/** Whether a role, with what Elasticsearch adds to it, is the writer's. */
function isRole(found: unknown): boolean {
  const { cluster, indices } = (found ?? {}) as Partial<Record<"cluster" | "indices", unknown>>;
  const parts = (indices ?? []) as { names?: unknown; privileges?: unknown }[];
  const plain = { cluster, indices: parts.map(({ names, privileges }) => ({ names, privileges })) };
  return JSON.stringify(plain) === JSON.stringify(writerRole);
}
