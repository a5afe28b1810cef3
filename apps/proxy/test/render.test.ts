import { quote, quoteArgument, quoteFormat, quoteText } from "../src/haproxy/quote";
import { renderConfig } from "../src/haproxy/render";
import { GLOBAL_SLOTS, slotsFor } from "../src/haproxy/slots";
import type { Parameters } from "../src/routes/service";
import { EMPTY_TABLE } from "../src/routes/table";
import { EVERYTHING } from "./everything";
import { APP1, RENDER, tableOf } from "./support";

const FULL: readonly Parameters[] = [
  { ...APP1, healthPath: "/app1/health/ready" },
  {
    serviceName: "companion",
    servicePath: "/.well-known/acme-challenge",
    port: "80",
    replicas: "1",
  },
  {
    serviceName: "shop",
    replicas: "40",
    "port.1": "8080",
    "serviceDomain.1": "shop.example,*.shop.example",
    "port.2": "8081",
    "servicePath.2": "/admin,/metrics",
    "timeoutServer.2": "60",
    isDefaultBackend: "true",
  },
];

describe("renderConfig", () => {
  it("renders services with everything they can have", () => {
    expect(renderConfig(tableOf(FULL), RENDER)).toMatchSnapshot();
  });

  it("renders everything there is", () => {
    const table = tableOf(EVERYTHING);
    expect([...table.refused]).toEqual([]);
    const config = renderConfig(table, RENDER);
    expect(config.slice(config.indexOf("    acl domain_"))).toMatchSnapshot();
  });

  it("renders redirects to the HTTPS port that clients see", () => {
    const table = tableOf([{ ...APP1, httpsOnly: "true" }]);
    const redirect = (httpsPortPublic: number): string | undefined =>
      /location (\S+)/.exec(renderConfig(table, { ...RENDER, httpsPortPublic }))?.[1];
    expect(redirect(443)).toBe("'https://%[var(txn.host)]%[pathq]'");
    expect(redirect(8443)).toBe("'https://%[var(txn.host)]:8443%[pathq]'");
  });

  it("says «not loaded» until the routes are known", () => {
    const config = renderConfig(EMPTY_TABLE, RENDER);
    expect(config).toContain("    default_backend not_loaded\n");
    expect(config).not.toContain("status 200");
  });

  it("gives the same text whatever order the services came in", () => {
    expect(renderConfig(tableOf([...FULL].reverse()), RENDER)).toBe(
      renderConfig(tableOf(FULL), RENDER),
    );
  });

  it("gives the same text when a service scales within its slots", () => {
    const scaled = (replicas: string): string =>
      renderConfig(tableOf([{ ...APP1, replicas }]), RENDER);
    expect(scaled("8")).toBe(scaled("1"));
    expect(scaled("2")).toBe(scaled("1"));
    expect(scaled("40")).not.toBe(scaled("1"));
  });

  it("expects PROXY protocol from nobody without an edge", () => {
    const config = renderConfig(tableOf(FULL), { ...RENDER, edgeAddresses: [] });
    expect(config).not.toContain("expect-proxy");
  });

  it("says HSTS and asks clients for certificates only where told to", () => {
    const config = renderConfig(tableOf(FULL), RENDER);
    expect(config).not.toContain("Strict-Transport-Security");
    expect(config).not.toContain("ca-file");
    const asked = renderConfig(tableOf(FULL), {
      ...RENDER,
      hstsMaxAge: 300,
      clientCaFile: "/run/secrets/ca",
    });
    expect(asked).toContain("Strict-Transport-Security max-age=300 if { ssl_fc }");
    expect(asked).toMatch(/bind :443 ssl .* ca-file '\/run\/secrets\/ca' verify optional/);
  });

  it("is a sequence of known keywords only", () => {
    const keywords = new Set(
      renderConfig(tableOf(FULL), RENDER)
        .split("\n")
        .map((line) => /^\s*(\S+)/.exec(line)?.[1] ?? ""),
    );
    expect([...keywords].sort()).toMatchSnapshot();
  });
});

describe("quote", () => {
  it("puts a word between single quotes", () => {
    expect(quote('/a"b\\c')).toBe("'/a\"b\\c'");
  });

  it.each(["'", "\n", "\r", "\u0000", "\u007f"])("fails for %j", (character) => {
    expect(() => quote(`a${character}b`)).toThrow("haproxy.cfg");
  });
});

describe("quoteText and quoteFormat", () => {
  it("put single quotes outside of the quoted parts", () => {
    expect(quoteText("it's $HOME #1")).toBe(`'it'\\''s $HOME #1'`);
  });

  it("double a percent sign that begins no known expression", () => {
    expect(quoteFormat("100% %[src] %[env(X)] %T", ["%[src]"])).toBe(
      "'100%% %[src] %%[env(X)] %%T'",
    );
  });

  it.each(["\\", "\n", "\r", "\u0000", "\u007f"])("fail for %j", (character) => {
    expect(() => quoteText(`a${character}b`)).toThrow("haproxy.cfg");
    expect(() => quoteFormat(`a${character}b`)).toThrow("haproxy.cfg");
  });
});

describe("quoteArgument", () => {
  it("escapes what means something between double quotes", () => {
    expect(quoteArgument('^(a\\d)"$')).toBe(`'^(a\\\\d)\\"\\$'`);
  });

  it("fails for a single quote", () => {
    expect(() => quoteArgument("a'b")).toThrow("haproxy.cfg");
  });
});

describe("slotsFor", () => {
  it.each([
    [1, 1, 16],
    [8, 127, 16],
    [10, 1, 16],
    [11, 1, 32],
    [40, 1, 64],
    [43, 1, 128],
    [1, 128, 4],
    [3, 500, 8],
    [8, 500, 16],
    [undefined, 1, GLOBAL_SLOTS],
  ])("gives %p replicas among %p services %p slots", (replicas, services, slots) => {
    expect(slotsFor(replicas, services)).toBe(slots);
  });

  it("always leaves room for half as many tasks again", () => {
    for (let replicas = 1; replicas <= 500; replicas++) {
      expect(slotsFor(replicas, 1)).toBeGreaterThanOrEqual(replicas * 1.5);
    }
  });
});
