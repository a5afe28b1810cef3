import { autoname, checkInputs } from "../src/model/check";
import type { ResourceModel } from "../src/model/model";
import { UNKNOWN, secret } from "../src/protocol/values";
import { serviceModel } from "../src/docker/service/model";
import { network } from "../src/docker/resources/network";
import { secret as secretResource } from "../src/docker/resources/secret";
import { serviceConfig } from "../src/docker/resources/serviceConfig";
import { remoteImage } from "../src/docker/resources/remoteImage";
import { volume } from "../src/docker/resources/volume";
import { localCommandModel, remoteCommandModel } from "../src/command/models";
import { contextFor } from "./support/context";

const check = (model: unknown, inputs: object, noteDefaults = true) =>
  checkInputs(model as ResourceModel, inputs as never, { noteDefaults });

const taskSpec = { containerSpec: { image: "x" } };

describe("defaults", () => {
  test("are filled in where they belong, and noted there", () => {
    const { inputs, failures } = check(serviceModel, {
      taskSpec: {
        containerSpec: {
          image: "x",
          secrets: [{ secretId: "s", fileName: "/s" }],
          healthcheck: { tests: ["CMD", "true"] },
        },
      },
      updateConfig: { order: "start-first" },
      mode: { replicated: {} },
    });
    expect(failures).toEqual([]);
    expect(inputs).toEqual({
      __defaults: [],
      mode: { __defaults: [], replicated: { __defaults: ["replicas"], replicas: 1 } },
      taskSpec: {
        __defaults: [],
        containerSpec: {
          __defaults: ["isolation"],
          image: "x",
          isolation: "default",
          secrets: [
            {
              __defaults: ["fileGid", "fileMode", "fileUid"],
              secretId: "s",
              fileName: "/s",
              fileGid: "0",
              fileMode: 0o444,
              fileUid: "0",
            },
          ],
          healthcheck: {
            __defaults: ["interval", "retries", "startPeriod", "timeout"],
            tests: ["CMD", "true"],
            interval: "0s",
            retries: 0,
            startPeriod: "0s",
            timeout: "0s",
          },
        },
      },
      updateConfig: {
        __defaults: ["delay", "failureAction", "maxFailureRatio", "monitor", "parallelism"],
        delay: "0s",
        failureAction: "pause",
        maxFailureRatio: "0.0",
        monitor: "5s",
        order: "start-first",
        parallelism: 1,
      },
    });
  });

  test("of a connection are filled in under its secret mark, without a note", () => {
    const { inputs } = check(
      remoteCommandModel,
      { connection: { host: "h", privateKey: "k" } },
      false,
    );
    expect(inputs).toEqual({
      connection: secret({
        dialErrorLimit: 10,
        host: "h",
        perDialTimeout: 15,
        port: 22,
        privateKey: secret("k"),
        user: "root",
      }),
    });
  });

  test("a value that is secret already is not marked twice", () => {
    const { inputs } = check(secretResource.model, { data: secret("eA==") });
    expect(inputs.data).toEqual(secret("eA=="));
  });
});

describe("bad inputs are refused", () => {
  test.each([
    ["a missing property", serviceModel, {}, /Missing required property 'taskSpec'/],
    ["a nested one", serviceModel, { taskSpec: {} }, /'taskSpec.containerSpec'/],
    [
      "an unknown property",
      network.model,
      { colour: "red" },
      /'colour' is not supported by the offline plugin/,
    ],
    [
      "an unknown nested one",
      network.model,
      { ipamConfigs: [{ x: 1 }] },
      /'ipamConfigs\[0\].x' is not supported/,
    ],
    ["a wrong type", network.model, { attachable: "yes" }, /attachable: must be a boolean/],
    [
      "no duration",
      serviceModel,
      { taskSpec, convergeConfig: { timeout: "soon" } },
      /'soon' is not a valid duration/,
    ],
    [
      "no ratio",
      serviceModel,
      { taskSpec, updateConfig: { maxFailureRatio: "2" } },
      /between 0.0 and 1.0/,
    ],
    [
      "a wrong word",
      serviceModel,
      { taskSpec, endpointSpec: { mode: "x" } },
      /'x' is none of vip, dnsrr/,
    ],
    ["no base64", secretResource.model, { data: "%" }, /must be base64/],
    ["two kinds of data", serviceConfig.model, { data: "eA==", dataRaw: "x" }, /exactly one of/],
    ["no data", serviceConfig.model, {}, /exactly one of/],
    [
      "a global service to wait for",
      serviceModel,
      { taskSpec, mode: { global: true }, convergeConfig: {} },
      /'mode.global' conflicts with 'convergeConfig'/,
    ],
    [
      "two modes",
      serviceModel,
      { taskSpec, mode: { global: true, replicated: {} } },
      /conflicts with 'mode.replicated'/,
    ],
    [
      "a cluster volume",
      volume.model,
      { cluster: {} },
      /a cluster volume is not supported by the offline plugin/,
    ],
    [
      "a build of a RemoteImage",
      remoteImage.model,
      { name: "x", build: { context: "." } },
      /not supported by the offline plugin/,
    ],
    ["assets", localCommandModel, { assetPaths: ["*"] }, /not supported by the offline plugin/],
    ["archives", localCommandModel, { archivePaths: ["*"] }, /not supported by the offline plugin/],
    ["an unknown logging", localCommandModel, { logging: "some" }, /must be one of stdout/],
  ])("%s", (_what, model, inputs, reason) => {
    const { failures } = check(model, inputs);
    expect(failures).toHaveLength(1);
    expect(failures[0]?.reason).toMatch(reason);
  });

  test("but not for what is unknown", () => {
    const { failures } = check(serviceModel, {
      taskSpec: { containerSpec: UNKNOWN },
      convergeConfig: { timeout: UNKNOWN },
    });
    expect(failures).toEqual([]);
  });
});

describe("autoname", () => {
  const checked = check(network.model, {});
  const context = contextFor("docker:index/network:Network", "main");
  const seed = new Uint8Array([1, 2, 3]);
  const name = (olds: object, autonaming?: { proposedName: string; disabled: boolean }) =>
    autoname(checked, context, olds as never, seed, autonaming);

  test("derives from the seed", () => {
    expect(name({}).inputs.name).toMatch(/^main-[0-9a-f]{7}$/);
    expect(name({}).inputs.name).toBe(name({}).inputs.name);
    expect(name({}).inputs.__defaults).toEqual(["ipamDriver", "name"]);
  });
  test("keeps an old name that was made up", () => {
    expect(name({ name: "old", __defaults: ["name"] }).inputs.name).toBe("old");
  });
  test("does not keep one that was given", () => {
    expect(name({ name: "old", __defaults: [] }).inputs.name).not.toBe("old");
  });
  test("takes what the stack's config proposes", () => {
    expect(name({}, { proposedName: "mine", disabled: false }).inputs.name).toBe("mine");
  });
  test("fails where automatic naming is disabled", () => {
    const { failures } = name({}, { proposedName: "", disabled: true });
    expect(failures[0]?.reason).toMatch(/automatic naming is disabled/);
  });
});
