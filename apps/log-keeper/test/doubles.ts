import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server that holds something, and remembers what changed it. */
abstract class Double {
  /** `METHOD /path` of each request that is not a question. */
  readonly changes: string[] = [];
  /** The status of every answer, when it is to be one of a server that cannot. */
  broken: number | undefined;
  private readonly server: Server = createServer((request, response) => {
    void this.take(request, response);
  });

  listen(): Promise<string> {
    return new Promise((done) =>
      this.server.listen(0, "127.0.0.1", () =>
        done(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`),
      ),
    );
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(() => done()));
  }

  protected abstract answer(
    method: string,
    path: string,
    body: string,
    request: IncomingMessage,
  ): readonly [status: number, body: unknown];

  private async take(request: IncomingMessage, response: ServerResponse) {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const [status, body] =
      this.broken === undefined
        ? this.answer(
            request.method ?? "",
            request.url ?? "",
            Buffer.concat(chunks).toString(),
            request,
          )
        : [this.broken, { error: "broken" }];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}

const credentials = (request: IncomingMessage): readonly [user: string, password: string] => {
  const text = Buffer.from(String(request.headers.authorization).slice(6), "base64").toString();
  const colon = text.indexOf(":");
  return [text.slice(0, colon), text.slice(colon + 1)];
};

type Named = Record<string, unknown>;

/** A line as an index has it. */
interface Line {
  readonly index: string;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly tags?: string;
}

/** The two queries that the keeper makes. */
type Query =
  | { readonly ids: { readonly values: string[] } }
  | {
      readonly bool: {
        readonly should: readonly [
          { readonly range: { readonly "@timestamp": { readonly lt: number } } },
          { readonly term: { readonly tags: string } },
        ];
      };
    };

function matcher(query: Query): (line: Line) => boolean {
  if ("ids" in query) {
    const ids = new Set(query.ids.values);
    return ({ id }) => ids.has(id);
  }
  const [{ range }, { term }] = query.bool.should;
  return ({ time, tags }) => time < range["@timestamp"].lt || tags === term.tags;
}

/** As much of Elasticsearch as the keeper uses; with `distribution`, of the stand-in. */
export class FakeElasticsearch extends Double {
  readonly passwords: Record<string, string> = { elastic: "elastic-password" };
  readonly roles: Record<string, Named> = {};
  readonly templates: Record<string, Named> = {};
  /** Of the data stream: name and date of each index, the oldest first. */
  indices: { name: string; created: number }[] = [];
  retention: string | undefined;
  rollsOver = false;
  lines: Line[] = [];
  /** How many searches there were. */
  searches = 0;
  /** Bytes of disk that are left. */
  room = 10 * 1024 ** 3;
  /** Whether it is too full for any question about its indices. */
  full = false;

  constructor(private readonly distribution?: string) {
    super();
  }

  protected answer(method: string, url: string, text: string, request: IncomingMessage) {
    const [user, password] = credentials(request);
    if (this.passwords[user] !== password) return [401, { error: "no" }] as const;
    if (url === "/_security/_authenticate") return [200, { username: user }] as const;
    if (user !== "elastic") return [403, { error: "not you" }] as const;
    const body = (text === "" ? {} : JSON.parse(text)) as Named;
    if (method !== "GET" && !/\/_(refresh|count|search)$/.test(url)) {
      this.changes.push(`${method} ${url}`);
    }
    const [, kind, name = "", rest] = url.split("/").slice(url.startsWith("/_security") ? 1 : 0);
    if (url === "/")
      return [200, { version: { number: "9.2.0", distribution: this.distribution } }] as const;
    if (url === "/_nodes/stats/fs")
      return [
        200,
        { nodes: { n1: { fs: { total: { available_in_bytes: this.room } } } } },
      ] as const;
    if (this.full) return [429, { error: "full" }] as const;
    if (kind === "user") {
      this.passwords[name] = String(body["password"]);
      return [200, {}] as const;
    }
    if (kind === "role") return this.named(this.roles, method, name, body);
    if (kind === "_index_template") {
      if (method === "PUT") this.templates[name] = body;
      const found = this.templates[name];
      return found
        ? ([200, { index_templates: [{ name, index_template: found }] }] as const)
        : ([404, { error: "none" }] as const);
    }
    if (rest === "_lifecycle") {
      if (this.distribution) return [400, { error: "no such thing" }] as const;
      if (method === "PUT") this.retention = String(body["data_retention"]);
      return [
        200,
        { data_streams: [{ name, lifecycle: { data_retention: this.retention } }] },
      ] as const;
    }
    if (kind === "_data_stream") {
      if (method === "PUT") this.indices = [{ name: "ds-1", created: Date.now() }];
      return this.indices.length === 0
        ? ([404, { error: "none" }] as const)
        : ([
            200,
            { data_streams: [{ indices: this.indices.map((i) => ({ index_name: i.name })) }] },
          ] as const);
    }
    if (name === "_rollover") return [200, { rolled_over: this.rollsOver }] as const;
    if (name === "_settings") {
      const dates = this.indices.map(({ name: index, created }) => [
        index,
        { settings: { index: { creation_date: String(created) } } },
      ]);
      return [200, Object.fromEntries(dates) as Named] as const;
    }
    if (/^_(refresh|count|search|delete_by_query)\b/.test(name)) {
      return [200, this.documents(name, kind?.split(",") ?? [], body)] as const;
    }
    if (method === "DELETE") {
      this.indices = this.indices.filter((index) => index.name !== kind);
      return [200, {}] as const;
    }
    return [400, { error: `the double does not know ${method} ${url}` }] as const;
  }

  private documents(action: string, indices: string[], body: Named): Named {
    if (action === "_refresh") return {};
    const {
      query,
      size = 10,
      search_after: after,
    } = body as {
      query: Query;
      size?: number;
      search_after?: readonly [time: number, id: string];
    };
    const fits = matcher(query);
    const found = this.lines
      .filter((line) => indices.includes(line.index) && fits(line))
      .sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
    if (action === "_count") return { count: found.length };
    if (action.startsWith("_delete_by_query")) {
      const gone = new Set(found);
      this.lines = this.lines.filter((line) => !gone.has(line));
      return { deleted: found.length };
    }
    this.searches++;
    const isAfter = ({ time, id }: Line) =>
      !after || time > after[0] || (time === after[0] && id > after[1]);
    const hits = found.filter(isAfter).slice(0, size);
    return { hits: { hits: hits.map(({ id, time }) => ({ _id: id, sort: [time, id] })) } };
  }

  private named(things: Record<string, Named>, method: string, name: string, body: Named) {
    if (method === "PUT") things[name] = body;
    const found = things[name];
    return found ? ([200, { [name]: found }] as const) : ([404, {}] as const);
  }
}

/** As much of Kibana as the keeper uses. */
export class FakeKibana extends Double {
  readonly objects = new Map<string, Named>();

  protected answer(method: string, url: string, text: string, request: IncomingMessage) {
    const [user, password] = credentials(request);
    if (user !== "elastic" || password !== "elastic-password") return [401, {}] as const;
    if (request.headers["kbn-xsrf"] === undefined) return [400, { message: "xsrf" }] as const;
    if (method === "POST" && url === "/base/api/saved_objects/_export") {
      const { objects } = JSON.parse(text) as { objects: { type: string; id: string }[] };
      const isThere = objects.every(({ type, id }) => this.objects.has(`${type}/${id}`));
      return isThere ? ([200, {}] as const) : ([400, { message: "not found" }] as const);
    }
    if (method === "POST" && url.startsWith("/base/api/saved_objects/_import?overwrite=true")) {
      const lines = text
        .split("\r\n")
        .flatMap((part) => part.split("\n"))
        .filter((line) => line.startsWith("{"));
      for (const line of lines) {
        const object = JSON.parse(line) as {
          type: string;
          id: string;
          references: { type: string; id: string }[];
        };
        this.objects.set(`${object.type}/${object.id}`, object);
        this.changes.push(`import ${object.type}/${object.id}`);
      }
      const broken = [...this.objects.values()].flatMap((object) =>
        (object["references"] as { type: string; id: string }[]).filter(
          ({ type, id }) => !this.objects.has(`${type}/${id}`),
        ),
      );
      return [200, { success: broken.length === 0, errors: broken }] as const;
    }
    return [404, {}] as const;
  }
}
