import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { readSettings } from "../src/settings";
import { cleanUp, temporaryFolder } from "./support";

afterEach(cleanUp);

describe("readSettings", () => {
  it("has a default for everything", () => {
    expect(readSettings({}, { secretsDir: "/nonexistent", cpus: 64 })).toMatchSnapshot();
  });

  it("reads what the contract names", () => {
    const settings = readSettings(
      {
        LISTENER_ADDRESS: "swarm-listener, other:9090",
        MODE: "swarm",
        SERVICE_NAME: "proxy-control",
        RELOAD_INTERVAL: "100",
        REPEAT_RELOAD: "true",
        CONTROL_SUBNET: "10.248.48.0/20",
        EDGE_ADDRESSES: "172.20.0.2,10.0.0.0/8, fd00::1",
        DRAIN_DELAY_MS: "0",
        TIMEOUT_SERVER: "60",
        DATA_DIR: "/data",
      },
      { secretsDir: "/nonexistent" },
    );
    expect(settings).toMatchObject({
      listenerAddresses: ["swarm-listener", "other:9090"],
      swarm: true,
      serviceName: "proxy-control",
      reloadIntervalMs: 100,
      reconcileIntervalMs: 100,
      controlSubnet: "10.248.48.0/20",
      drainDelayMs: 0,
      dataDir: "/data",
      render: {
        edgeAddresses: ["172.20.0.2", "10.0.0.0/8", "fd00::1"],
        timeouts: { server: 60 },
      },
    });
  });

  it("lets a secret override the variable", () => {
    const secretsDir = join(temporaryFolder(), "secrets");
    mkdirSync(secretsDir);
    writeFileSync(join(secretsDir, "dfp_service_name"), "from-secret\n");
    expect(readSettings({ SERVICE_NAME: "from-env" }, { secretsDir }).serviceName).toBe(
      "from-secret",
    );
  });

  it("takes an empty variable for an absent one", () => {
    expect(readSettings({ CONTROL_SUBNET: "", PORT: "" }).controlPort).toBe(8080);
  });

  it.each([
    ["EDGE_ADDRESSES", "edge"],
    ["EDGE_ADDRESSES", "10.0.0.1/33"],
    ["EDGE_ADDRESSES", "10.0.0.1 }"],
    ["CONTROL_SUBNET", "10.0.0.0/8/9"],
    ["RELOAD_INTERVAL", "5s"],
    ["PORT", "0"],
    ["REPEAT_RELOAD", "yes"],
    ["SERVICE_DOMAIN_ALGO", "hdr_reg(host)"],
    ["RESOLVER", "dns:53"],
    ["MAXCONN", "-1"],
    ["TCP_PORTS", "http"],
    ["TCP_PORTS", "7010-7000"],
    ["TCP_PORTS", "0"],
    ["TCP_PORTS", "65536"],
    ["TCP_PORTS", "8000-9000"],
    ["TCP_PORTS", "443"],
    ["RECONCILE_INTERVAL", "10s"],
    ["USERS", "joe"],
    ["HTTPS_ONLY", "always"],
    ["HSTS_MAX_AGE", "1y"],
    ["MAXCONN_PER_CLIENT", "0"],
    ["CA_FILE", "/nonexistent"],
    ["CA_FILE", __filename],
  ])("refuses %s=%s by name", (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(name);
  });
});
