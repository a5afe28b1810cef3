/** Requests as a client of the edge makes them. */
import { Agent, request } from "undici";

export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The task that the page says it comes from; empty when it says none. */
  readonly task: string;
  readonly node: string;
}

/** Gets a page over a connection of its own, so that each call may end at another proxy. */
export async function get(url: string, timeoutMs = 5_000): Promise<Page> {
  const dispatcher = new Agent({ pipelining: 0, connections: 1 });
  try {
    const answer = await request(url, {
      dispatcher,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      headers: { accept: "text/html" },
    });
    return parse(answer.statusCode, answer.headers, await answer.body.text());
  } finally {
    await dispatcher.close();
  }
}

function parse(status: number, headers: Page["headers"], body: string): Page {
  return { status, headers, body, task: term(body, "Task"), node: term(body, "Node") };
}

/** The description of a term in the page's footer; minified HTML may lack end tags. */
export function term(html: string, name: string): string {
  const match = new RegExp(`<dt>\\s*${name}\\s*(?:</dt>)?\\s*<dd>\\s*([^<\\s]+)`).exec(html);
  return match?.[1] ?? "";
}

/**
 * Whether this many requests in a row, each on a connection of its own, meet the condition. With more
 * than there are proxies, every one of them is asked.
 */
export async function inARow(
  url: string,
  count: number,
  condition: (page: Page) => boolean,
): Promise<true | undefined> {
  for (let i = 0; i < count; i++) {
    if (!condition(await get(url))) return undefined;
  }
  return true;
}

/** Asks for a page until it came from all tasks expected, and returns those that it came from. */
export async function tasksSeen(
  url: string,
  expected: ReadonlySet<string>,
  most: number,
): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let i = 0; i < most && [...expected].some((task) => !seen.has(task)); i++) {
    const page = await get(url);
    if (page.status !== 200) throw new Error(`${url} answered ${page.status}`);
    seen.add(page.task);
  }
  return seen;
}
