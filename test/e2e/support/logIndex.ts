/** The log as Elasticsearch has it, asked where the log's keeper runs: nothing else of the tests' is on its network. */
import { docker, lines } from "./engine";
import { run } from "./run";

/** A line, by its fields. */
export type Line = Readonly<Record<string, unknown>>;

interface SearchAnswer {
  readonly hits: {
    readonly hits: readonly { readonly _source: Line; readonly sort: readonly unknown[] }[];
  };
}

const LINES = "/logs-swarm-*/_search?ignore_unavailable=true";
const PAGE = 5_000;

/** Run in the keeper's container, which has the password in a file: path and body come as JSON on its standard input. */
const ASK = `
const { readFileSync } = require("node:fs");
const { path, body, method } = JSON.parse(readFileSync(0, "utf8"));
const password = readFileSync(process.env.ELASTIC_PASSWORD_FILE, "utf8").trim();
const authorization = "Basic " + Buffer.from("elastic:" + password).toString("base64");
fetch(process.env.ELASTICSEARCH_URL + path, {
  method,
  headers: { authorization, "content-type": "application/json" },
  body: body && JSON.stringify(body),
}).then(async (answer) => {
  process.stdout.write(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
});`;

export class LogIndex {
  private readonly machine: string;

  constructor(stack: string) {
    this.machine = `swarm-${stack}-logger-1`;
  }

  /**
   * Asks Elasticsearch as its superuser.
   * @throws when nobody answers, or not with 2xx
   */
  async ask(path: string, body?: object, method = body ? "POST" : "GET"): Promise<unknown> {
    const filter = "label=com.docker.swarm.service.name=log-keeper";
    const [keeper] = lines(
      await docker("exec", this.machine, "docker", "ps", "--quiet", "--filter", filter),
    );
    if (keeper === undefined) throw new Error("the log's keeper does not run");
    const command = ["docker", "exec", "--interactive", keeper, "node", "-e", ASK];
    const { stdout } = await run("docker", ["exec", "--interactive", this.machine, ...command], {
      input: JSON.stringify({ path, body, method }),
      timeoutMs: 60_000,
    });
    return JSON.parse(stdout);
  }

  /** All lines that a query finds, each with the fields asked for; every field when none is. */
  async find(query: object, fields?: readonly string[]): Promise<Line[]> {
    const found: Line[] = [];
    for (let after: readonly unknown[] | undefined = []; after;) {
      const { hits } = (await this.ask(LINES, {
        query,
        size: PAGE,
        sort: [{ event_id: "asc" }],
        ...(fields ? { _source: fields } : {}),
        ...(after.length > 0 ? { search_after: after } : {}),
      })) as SearchAnswer;
      found.push(...hits.hits.map(({ _source }) => _source));
      after = hits.hits.length < PAGE ? undefined : hits.hits.at(-1)?.sort;
    }
    return found;
  }
}

/** Lines of one service that were written since a moment. */
export const of = (service: string, since: Date): object => ({
  bool: {
    filter: [{ term: { service } }, { range: { "@timestamp": { gte: since.toISOString() } } }],
  },
});
